/** @file Reductions over axes. */
import type { Value } from '../graph.ts';
import { normalizeAxes, sizeOf } from '../shape.ts';

function reduce(
  op: 'ReduceSum' | 'ReduceMean',
  input: Value,
  axes: readonly number[] | undefined,
  keepDims: boolean,
): Value {
  const { graph, dtype } = input;
  const list = normalizeAxes(axes ?? input.shape.map((_, i) => i), input.shape.length);
  const kept = input.shape.map((size, i) => (list.includes(i) ? 1 : size));
  const shape = keepDims ? kept : input.shape.filter((_, i) => !list.includes(i));
  const [output] = graph.emit(op, [input, graph.int64(list)], [{ dtype, shape }], {
    keepdims: keepDims ? 1 : 0,
  });
  const count = sizeOf(input.shape) / sizeOf(kept);
  return graph.record(op, [input], output!, { attributes: { keptShape: kept, count } });
}

/** Sum over `axes` (all of them when left out). */
export const reduceSum = (input: Value, axes?: readonly number[], keepDims = false): Value =>
  reduce('ReduceSum', input, axes, keepDims);

/** Mean over `axes` (all of them when left out). */
export const reduceMean = (input: Value, axes?: readonly number[], keepDims = false): Value =>
  reduce('ReduceMean', input, axes, keepDims);

/**
 * Index of the largest element along the last axis, the first one where several are equal. Not
 * differentiable.
 * @returns int64, the input's shape without its last axis
 */
export function argMax(input: Value): Value {
  const shape = input.shape.slice(0, -1);
  const axis = shape.length;
  return input.graph.emit('ArgMax', [input], [{ dtype: 'int64', shape }], {
    axis,
    keepdims: 0,
  })[0]!;
}
