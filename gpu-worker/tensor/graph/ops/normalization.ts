/** @file Softmax and the normalizations. */
import type { Value } from '../graph.ts';
import { sizeOf } from '../shape.ts';

/** Softmax over the last axis. */
export function softmax(input: Value): Value {
  const { graph, dtype, shape } = input;
  const [output] = graph.emit('Softmax', [input], [{ dtype, shape }], { axis: shape.length - 1 });
  return graph.record('Softmax', [input], output!);
}

/**
 * Logarithm of the softmax over the last axis, without the overflow that taking both in turn has.
 *
 * x − max − log Σ exp(x − max): WebGPU has no kernel of its own for it.
 */
export function logSoftmax(input: Value): Value {
  const { graph, dtype, shape } = input;
  const rows = [...shape.slice(0, -1), 1];
  const lastAxis = graph.int64([shape.length - 1]);
  const emit = (opType: string, inputs: Value[], outShape: readonly number[]) =>
    graph.emit(opType, inputs, [{ dtype, shape: outShape }])[0]!;
  const shifted = emit('Sub', [input, emit('ReduceMax', [input, lastAxis], rows)], shape);
  const total = emit('ReduceSum', [emit('Exp', [shifted], shape), lastAxis], rows);
  const output = emit('Sub', [shifted, emit('Log', [total], rows)], shape);
  return graph.record('LogSoftmax', [input], output);
}

/**
 * Layer normalization over the last axis.
 * @param scale `[c]`
 * @param bias `[c]`
 */
export function layerNorm(input: Value, scale: Value, bias: Value, epsilon: number): Value {
  const { graph, dtype, shape } = input;
  const statistics = { dtype, shape: [...shape.slice(0, -1), 1] };
  const [output, mean, inverseStd] = graph.emit(
    'LayerNormalization',
    [input, scale, bias],
    [{ dtype, shape }, statistics, statistics],
    { axis: -1, epsilon: { kind: 'float', value: epsilon } },
  );
  return graph.record('LayerNormalization', [input, scale, bias], output!, {
    saved: [mean!, inverseStd!],
  });
}

/**
 * Group normalization, NCHW (or `[n, c, …]`).
 *
 * Normalizes each group as one long row, so that the statistics come out beside the result.
 *
 * @param scale `[c]`
 * @param bias `[c]`
 * @throws {RangeError} when `groups` does not divide the channels
 * @see Wu & He 2018, https://arxiv.org/abs/1803.08494
 */
export function groupNorm(
  input: Value,
  scale: Value,
  bias: Value,
  groups: number,
  epsilon: number,
): Value {
  const { graph, dtype, shape } = input;
  const [n, c] = shape as [number, number];
  if (c % groups !== 0)
    throw new RangeError(`groupNorm: ${groups} groups do not divide ${c} channels`);
  const rowLength = sizeOf(shape) / (n * groups);
  const emit = (opType: string, inputs: Value[], outShape: readonly number[]) =>
    graph.emit(opType, inputs, [{ dtype, shape: outShape }])[0]!;

  const rows = emit(
    'Reshape',
    [input, graph.int64([n, groups, rowLength])],
    [n, groups, rowLength],
  );
  const statistics = { dtype, shape: [n, groups, 1] };
  const [normalizedRows, , inverseStd] = graph.emit(
    'LayerNormalization',
    [rows, onesOf(input, rowLength)],
    [{ dtype, shape: [n, groups, rowLength] }, statistics, statistics],
    { axis: -1, epsilon: { kind: 'float', value: epsilon } },
  );
  const normalized = emit('Reshape', [normalizedRows!, graph.int64(shape)], shape);
  const perChannel = [1, c, ...shape.slice(2).map(() => 1)];
  const channelScale = emit('Reshape', [scale, graph.int64(perChannel)], perChannel);
  const channelBias = emit('Reshape', [bias, graph.int64(perChannel)], perChannel);
  const output = emit('Add', [emit('Mul', [normalized, channelScale], shape), channelBias], shape);
  return graph.record('GroupNormalization', [input, scale, bias], output, {
    saved: [normalized, inverseStd!],
    attributes: { groups },
  });
}

const ones = new WeakMap<object, Map<number, Value>>();

/** A vector of ones, stored once a graph and length. */
function onesOf({ graph }: Value, length: number): Value {
  const known = ones.get(graph) ?? new Map<number, Value>();
  ones.set(graph, known);
  const value = known.get(length) ?? graph.constant(new Array<number>(length).fill(1), [length]);
  known.set(length, value);
  return value;
}
