/** @file A zero that makes the runtime wait. */
import type { Value } from '../graph/graph.ts';
import { compare, mul } from '../graph/ops/elementwise.ts';
import { reshape, slice } from '../graph/ops/movement.ts';
import { sizeOf } from '../graph/shape.ts';

/**
 * A scalar 0 that cannot be known before `value` is; what it is added to cannot be computed early.
 * It is made by a comparison, so that a NaN does not spread.
 * @returns `[1]`
 */
export function zeroAfter(value: Value): Value {
  const first = slice(reshape(value, [sizeOf(value.shape)]), 0, 0, 1);
  return mul(compare('Equal', first, first), 0);
}
