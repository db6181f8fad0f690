/** @file Ops that move elements without computing on them. */
import type { Value } from '../graph.ts';
import { broadcastShapes, sameShape, sizeOf } from '../shape.ts';

/**
 * Gives the same elements another shape; one size may be -1.
 * @throws {RangeError} when the sizes do not multiply to the number of elements
 */
export function reshape(input: Value, shape: readonly number[]): Value {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const resolved = shape.map((size) => (size === -1 ? sizeOf(input.shape) / known : size));
  if (
    sizeOf(resolved) !== sizeOf(input.shape) ||
    resolved.some((size) => !Number.isInteger(size))
  ) {
    throw new RangeError(`reshape: ${sizeOf(input.shape)} elements cannot fill [${shape}]`);
  }
  if (sameShape(resolved, input.shape)) return input;
  const { graph, dtype } = input;
  const [output] = graph.emit(
    'Reshape',
    [input, graph.int64(resolved)],
    [{ dtype, shape: resolved }],
  );
  return graph.record('Reshape', [input], output!);
}

/** Reorders axes: axis `i` of the result is axis `permutation[i]` of the input. */
export function transpose(input: Value, permutation: readonly number[]): Value {
  if (permutation.length !== input.shape.length) {
    throw new RangeError(`transpose: [${permutation}] does not name each axis of [${input.shape}]`);
  }
  const shape = permutation.map((axis) => input.shape[axis]!);
  const [output] = input.graph.emit('Transpose', [input], [{ dtype: input.dtype, shape }], {
    perm: permutation,
  });
  return input.graph.record('Transpose', [input], output!, { attributes: { permutation } });
}

/** Takes `[start, end)` along one axis. */
export function slice(input: Value, axis: number, start: number, end: number): Value {
  const size = input.shape[axis];
  if (size === undefined || start < 0 || end > size || start >= end) {
    throw new RangeError(`slice: [${start}, ${end}) of axis ${axis} is outside [${input.shape}]`);
  }
  if (start === 0 && end === size) return input;
  const { graph, dtype } = input;
  const shape = input.shape.map((length, i) => (i === axis ? end - start : length));
  const operands = [input, graph.int64([start]), graph.int64([end]), graph.int64([axis])];
  const [output] = graph.emit('Slice', operands, [{ dtype, shape }]);
  return graph.record('Slice', [input], output!, { attributes: { axis, start, end } });
}

/** Splits one axis into equal parts. */
export function chunk(input: Value, axis: number, parts: number): Value[] {
  const length = input.shape[axis]! / parts;
  return Array.from({ length: parts }, (_, i) => slice(input, axis, i * length, (i + 1) * length));
}

/** Joins tensors along one axis. */
export function concat(inputs: readonly Value[], axis: number): Value {
  const [first] = inputs;
  if (!first) throw new RangeError('concat: nothing to join');
  if (inputs.length === 1) return first;
  const total = inputs.reduce((sum, input) => sum + input.shape[axis]!, 0);
  const shape = first.shape.map((size, i) => (i === axis ? total : size));
  for (const input of inputs) {
    if (!sameShape(input.shape.with(axis, 0), shape.with(axis, 0))) {
      throw new RangeError(
        `concat: [${input.shape}] does not fit [${first.shape}] off axis ${axis}`,
      );
    }
  }
  const [output] = first.graph.emit('Concat', inputs, [{ dtype: first.dtype, shape }], { axis });
  return first.graph.record('Concat', inputs, output!, { attributes: { axis } });
}

/** Repeats axes of size 1 until the tensor has `shape`. */
export function expand(input: Value, shape: readonly number[]): Value {
  if (sameShape(broadcastShapes(input.shape, shape), input.shape)) return input;
  const { graph, dtype } = input;
  const [output] = graph.emit('Expand', [input, graph.int64(shape)], [{ dtype, shape }]);
  return graph.record('Expand', [input], output!);
}

/**
 * Takes rows of `table` along axis 0.
 * @param table `[rows, …]`
 * @param indices int32 or int64, any shape
 * @returns `[…indices.shape, …]`
 */
export function gather(table: Value, indices: Value): Value {
  const shape = [...indices.shape, ...table.shape.slice(1)];
  const [output] = table.graph.emit('Gather', [table, indices], [{ dtype: table.dtype, shape }], {
    axis: 0,
  });
  return table.graph.record('Gather', [table], output!, { saved: [indices] });
}

/** Zero padding of the two last axes (NCHW): `[top, left, bottom, right]`. */
export function padSpatial(input: Value, pads: readonly [number, number, number, number]): Value {
  if (pads.every((pad) => pad === 0)) return input;
  const [top, left, bottom, right] = pads;
  const { graph, dtype, shape } = input;
  const leading = shape.slice(0, -2);
  const zeros = leading.map(() => 0);
  const [h, w] = shape.slice(-2) as [number, number];
  const padded = [...leading, h + top + bottom, w + left + right];
  const operands = [input, graph.int64([...zeros, top, left, ...zeros, bottom, right])];
  const [output] = graph.emit('Pad', operands, [{ dtype, shape: padded }]);
  return graph.record('Pad', [input], output!, { attributes: { pads } });
}

/** Doubles height and width (NCHW) by repeating each element. */
export function upsampleNearest(input: Value): Value {
  const [n, c, h, w] = input.shape as [number, number, number, number];
  const { graph, dtype } = input;
  const shape = [n, c, 2 * h, 2 * w];
  const [output] = graph.emit(
    'Resize',
    [input, null, null, graph.int64(shape)],
    [{ dtype, shape }],
    { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  );
  return graph.record('UpsampleNearest', [input], output!);
}
