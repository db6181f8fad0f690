/** @file Undoes broadcasting: the gradient of a repeated element is the sum over its copies. */
import type { Value } from '../graph/graph.ts';
import { reshape } from '../graph/ops/movement.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { sameShape } from '../graph/shape.ts';

/** Sums `grad` over the axes along which a tensor of `shape` was broadcast. */
export function unbroadcast(grad: Value, shape: readonly number[]): Value {
  if (sameShape(grad.shape, shape)) return grad;
  const offset = grad.shape.length - shape.length;
  const axes = grad.shape.flatMap((size, i) =>
    i < offset || (shape[i - offset] === 1 && size !== 1) ? [i] : [],
  );
  return reshape(axes.length > 0 ? reduceSum(grad, axes, true) : grad, shape);
}
