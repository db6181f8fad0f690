/** @file Layers with parameters: linear, convolution, normalizations, embedding, multi-head attention. */
import type { Value } from '../graph/graph.ts';
import { MAX_SCORES, scaledDotProductAttention } from '../graph/ops/attention.ts';
import { type ConvOptions, conv2d as conv2dOp } from '../graph/ops/convolution.ts';
import { add, mul } from '../graph/ops/elementwise.ts';
import { gemm, matMul } from '../graph/ops/linalg.ts';
import { gather, reshape, transpose } from '../graph/ops/movement.ts';
import {
  groupNorm as groupNormOp,
  layerNorm as layerNormOp,
  softmax,
} from '../graph/ops/normalization.ts';
import { sizeOf } from '../graph/shape.ts';
import type { LayerCall, Weights } from './weights.ts';

/**
 * Fully connected layer over the last axis, weight `[out, in]` as torch stores it.
 * @param input `[…, in]`
 */
export function linear(
  weights: Weights,
  input: Value,
  outFeatures: number,
  options: { bias?: boolean } = {},
): Value {
  const inFeatures = input.shape.at(-1)!;
  const weightShape = [outFeatures, inFeatures];
  const weight = weights('weight', weightShape);
  const bias = options.bias === false ? undefined : weights('bias', [outFeatures]);
  const rows = reshape(input, [sizeOf(input.shape) / inFeatures, inFeatures]);
  const output = reshape(gemm(rows, weight, { transB: true, bias }), [
    ...input.shape.slice(0, -1),
    outFeatures,
  ]);
  return withBranch(weights, { input, weightShape }, output);
}

/** Square convolution with bias; `padding` is on all sides unless `pads` says otherwise. */
export function conv2d(
  weights: Weights,
  input: Value,
  outChannels: number,
  kernelSize: number,
  options: ConvOptions = {},
): Value {
  const weightShape = [outChannels, input.shape[1]!, kernelSize, kernelSize];
  const weight = weights('weight', weightShape);
  const output = conv2dOp(input, weight, weights('bias', [outChannels]), options);
  return withBranch(weights, { input, weightShape, conv: options }, output);
}

/** A layer's output with what an adapter adds to it. */
function withBranch(weights: Weights, layer: LayerCall, output: Value): Value {
  const branch = weights.branch?.('weight', layer);
  return branch ? add(output, branch) : output;
}

/** 3×3 convolution that keeps height and width. */
export function conv3x3(weights: Weights, input: Value, outChannels: number): Value {
  return conv2d(weights, input, outChannels, 3, { pads: [1, 1, 1, 1] });
}

export function groupNorm(weights: Weights, input: Value, groups: number, epsilon: number): Value {
  const c = input.shape[1]!;
  return groupNormOp(input, weights('weight', [c]), weights('bias', [c]), groups, epsilon);
}

export function layerNorm(weights: Weights, input: Value, epsilon: number): Value {
  const c = input.shape.at(-1)!;
  return layerNormOp(input, weights('weight', [c]), weights('bias', [c]), epsilon);
}

/** Rows of a table, by int32 index. */
export function embedding(weights: Weights, indices: Value, rows: number, width: number): Value {
  return gather(weights('weight', [rows, width]), indices);
}

/**
 * Scaled dot-product attention with several heads.
 * @param query `[batch, queries, heads · headDim]`
 * @param key `[batch, keys, heads · headDim]`
 * @param value `[batch, keys, heads · headDim]`
 * @param mask added to the scores, broadcast to `[batch, heads, queries, keys]`
 * @see Vaswani et al. 2017, eq. 1
 */
export function attention(
  query: Value,
  key: Value,
  value: Value,
  heads: number,
  mask?: Value,
): Value {
  const [batch, queries, width] = query.shape as [number, number, number];
  const keys = key.shape[1]!;
  const headDim = width / heads;
  const scale = 1 / Math.sqrt(headDim);
  if (!mask && batch * heads * queries * keys > MAX_SCORES) {
    const split = (value: Value) =>
      reshape(transpose(reshape(value, [batch, value.shape[1]!, heads, headDim]), [0, 2, 1, 3]), [
        batch * heads,
        value.shape[1]!,
        headDim,
      ]);
    const attended = scaledDotProductAttention(split(query), split(key), split(value), scale);
    const perHead = reshape(attended, [batch, heads, queries, headDim]);
    return reshape(transpose(perHead, [0, 2, 1, 3]), [batch, queries, width]);
  }
  const q = transpose(reshape(query, [batch, queries, heads, headDim]), [0, 2, 1, 3]);
  const kTransposed = transpose(reshape(key, [batch, keys, heads, headDim]), [0, 2, 3, 1]);
  const v = transpose(reshape(value, [batch, keys, heads, headDim]), [0, 2, 1, 3]);
  const scores = matMul(mul(q, scale), kTransposed);
  const probabilities = softmax(mask ? add(scores, mask) : scores);
  const attended = transpose(matMul(probabilities, v), [0, 2, 1, 3]);
  return reshape(attended, [batch, queries, width]);
}
