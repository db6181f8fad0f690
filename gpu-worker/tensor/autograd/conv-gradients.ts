/** @file Both gradients of a convolution, as ordinary convolutions and matrix products. */
import type { Value } from '../graph/graph.ts';
import { conv2d } from '../graph/ops/convolution.ts';
import { gemm } from '../graph/ops/linalg.ts';
import { concat, padSpatial, reshape, transpose } from '../graph/ops/movement.ts';

type Pads = readonly [number, number, number, number];

/**
 * Gradient of the input: stride 1 is a convolution with the weight turned by 180° and its channel
 * axes swapped; a larger stride is a transposed convolution.
 *
 * @param gradOutput `[n, o, h', w']`
 * @param weight `[o, c, kh, kw]`
 * @param inputShape `[n, c, h, w]`
 */
export function conv2dInputGrad(
  gradOutput: Value,
  weight: Value,
  inputShape: readonly number[],
  stride: number,
  pads: Pads,
): Value {
  const { graph } = gradOutput;
  const [, , kh, kw] = weight.shape as [number, number, number, number];
  const [top, left, bottom, right] = pads;
  if (stride === 1) {
    return conv2d(gradOutput, turn(transpose(weight, [1, 0, 2, 3])), undefined, {
      pads: [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right],
    });
  }
  const [, , h, w] = inputShape as [number, number, number, number];
  const [, , gradH, gradW] = gradOutput.shape as [number, number, number, number];
  // Rows that the stride never reached get no gradient: they are the output padding.
  const outputPadding = [
    h - ((gradH - 1) * stride + kh - top - bottom),
    w - ((gradW - 1) * stride + kw - left - right),
  ];
  return graph.emit(
    'ConvTranspose',
    [gradOutput, weight],
    [{ dtype: gradOutput.dtype, shape: inputShape }],
    {
      kernel_shape: [kh, kw],
      strides: [stride, stride],
      pads,
      output_padding: outputPadding,
    },
  )[0]!;
}

/** Turns a kernel by 180°: both spatial axes run backwards. */
function turn(weight: Value): Value {
  const [, , kh, kw] = weight.shape as [number, number, number, number];
  if (kh === 1 && kw === 1) return weight;
  const { graph, dtype, shape } = weight;
  // −2³¹ as an end means "down to the first element" for a negative step.
  const operands = [
    weight,
    graph.int64([-1, -1]),
    graph.int64([-(2 ** 31), -(2 ** 31)]),
    graph.int64([2, 3]),
    graph.int64([-1, -1]),
  ];
  return graph.emit('Slice', operands, [{ dtype, shape }])[0]!;
}

/**
 * Gradient of the weight: for each kernel position one matrix product of the incoming gradient
 * with the window of the padded input that this position saw.
 *
 * @param gradOutput `[n, o, h', w']`
 * @param input `[n, c, h, w]`
 * @param weightShape `[o, c, kh, kw]`
 */
export function conv2dWeightGrad(
  gradOutput: Value,
  input: Value,
  weightShape: readonly number[],
  stride: number,
  pads: Pads,
): Value {
  const { graph, dtype } = input;
  const [o, c, kh, kw] = weightShape as [number, number, number, number];
  const [n, , outH, outW] = gradOutput.shape as [number, number, number, number];
  const pixels = n * outH * outW;

  const channelsFirst = transpose(padSpatial(input, pads), [1, 0, 2, 3]);
  const grad = reshape(transpose(gradOutput, [1, 0, 2, 3]), [o, pixels]);
  const window = (top: number, left: number): Value => {
    const end = [top + (outH - 1) * stride + 1, left + (outW - 1) * stride + 1];
    const [, , paddedH, paddedW] = channelsFirst.shape;
    if (top === 0 && left === 0 && stride === 1 && end[0] === paddedH && end[1] === paddedW) {
      return reshape(channelsFirst, [c, pixels]);
    }
    const operands = [
      channelsFirst,
      graph.int64([top, left]),
      graph.int64(end),
      graph.int64([2, 3]),
      graph.int64([stride, stride]),
    ];
    const [view] = graph.emit('Slice', operands, [{ dtype, shape: [c, n, outH, outW] }]);
    return reshape(view!, [c, pixels]);
  };

  const products: Value[] = [];
  for (let top = 0; top < kh; top++) {
    for (let left = 0; left < kw; left++) {
      products.push(reshape(gemm(grad, window(top, left), { transB: true }), [o, c, 1]));
    }
  }
  return reshape(concat(products, 2), weightShape);
}
