/** @file Reductions over axes. */
import type { Value } from '../graph.ts';
import { normalizeAxes, sizeOf } from '../shape.ts';
import { add, compare, mul, sub } from './elementwise.ts';

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
 *
 * min(i where x = max, else beyond the end): ArgMax itself gives int64, which WebGPU casts to nothing.
 *
 * @returns float32, the input's shape without its last axis
 */
export function argMax(input: Value): Value {
  const { graph, shape } = input;
  const length = shape.at(-1)!;
  const rows = shape.slice(0, -1);
  const lastAxis = graph.int64([rows.length]);
  const reduceLast = (op: 'ReduceMax' | 'ReduceMin', value: Value, keepdims: 0 | 1) =>
    graph.emit(
      op,
      [value, lastAxis],
      [{ dtype: 'float32', shape: keepdims ? [...rows, 1] : rows }],
      { keepdims },
    )[0]!;
  const isLargest = compare('Equal', input, reduceLast('ReduceMax', input, 1));
  const indices = graph.constant([...Array(length).keys()], [length]);
  return reduceLast('ReduceMin', add(indices, mul(sub(1, isLargest), length)), 0);
}
