/** @file Both gradients of a convolution, as ordinary convolutions and matrix products. */
import type { Value } from '../graph/graph.ts';
import { conv2d } from '../graph/ops/convolution.ts';
import { gemm } from '../graph/ops/linalg.ts';
import { concat, expand, padSpatial, reshape, slice, transpose } from '../graph/ops/movement.ts';

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
    return conv2d(gradOutput, turned(weight), undefined, {
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

/**
 * Turns a kernel by 180° and swaps its channel axes, `[o, c, kh, kw]` to `[c, o, kh, kw]`.
 *
 * Kernel positions become planes, and back, by transposes of matrices, and planes are reversed whole:
 * five times as fast as a transpose of all axes and a reversing Slice.
 */
function turned(weight: Value): Value {
  const [o, c, kh, kw] = weight.shape as [number, number, number, number];
  const positions = kh * kw;
  if (positions === 1) return transpose(weight, [1, 0, 2, 3]);
  const planes = transpose(reshape(weight, [o * c, positions]), [1, 0]);
  const backwards = Array.from({ length: positions }, (_, i) => positions - 1 - i);
  const { graph, dtype, shape } = planes;
  const operands = [planes, graph.int64(backwards)];
  const [reversed] = graph.emit('Gather', operands, [{ dtype, shape }], { axis: 0 });
  const swapped = transpose(reshape(reversed!, [positions, o, c]), [0, 2, 1]);
  return reshape(transpose(reshape(swapped, [positions, c * o]), [1, 0]), [c, o, kh, kw]);
}

/** Where a kernel row has at most this many channels, shifted copies cost more than they save. */
const NARROW = 192;

/**
 * Gradient of the weight: a matrix product of the incoming gradient with the windows of the padded
 * input that each kernel position saw. Pixels are laid out as rows of channels, `[n, h, w, c]`.
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
  const [o, c, kh, kw] = weightShape as [number, number, number, number];
  const padded = channelsLast(padSpatial(input, pads));
  if (stride === 1 && kh * o <= NARROW && kw * c <= NARROW) {
    const grad = channelsLast(padSpatial(gradOutput, [kh - 1, 0, 0, 0]));
    return shiftedProduct(grad, padded, kh, kw);
  }
  const grad = channelsLast(gradOutput);
  const windows = windowsOf(padded, grad.shape, kh, kw, stride);
  const gradRows = reshape(grad, [windows.shape[0]!, o]);
  const product = gemm(gradRows, windows, { transA: true });
  return reshape(transpose(reshape(product, [o, kh * kw, c]), [0, 2, 1]), weightShape);
}

const channelsLast = (value: Value) => transpose(value, [0, 2, 3, 1]);

/**
 * Few channels, stride 1: to move the window a row down is to move the gradient a row up, so `kw`
 * shifted copies of the input and `kh` of the gradient make all windows. The gradient carries
 * `kh − 1` zero rows above each picture, which windows that run over the edge of a picture meet.
 *
 * @param grad `[n, h' + kh − 1, w', o]`
 * @param padded `[n, h' + kh − 1, w' + kw − 1, c]`
 * @returns `[o, c, kh, kw]`
 */
function shiftedProduct(grad: Value, padded: Value, kh: number, kw: number): Value {
  const [n, h, w, o] = grad.shape as [number, number, number, number];
  const c = padded.shape[3]!;
  const rows = n * h * w;
  const beyond = (kh - 1) * w;
  const gradRows = reshape(grad, [rows, o]);
  const extended =
    beyond === 0 ? gradRows : concat([gradRows, expand(grad.graph.constant(0), [beyond, o])], 0);
  const shifted = Array.from({ length: kh }, (_, top) =>
    slice(extended, 0, beyond - top * w, beyond - top * w + rows),
  );
  const columns = Array.from({ length: kw }, (_, left) =>
    reshape(slice(padded, 2, left, left + w), [rows, c]),
  );
  const product = gemm(concat(shifted, 1), concat(columns, 1), { transA: true });
  return transpose(reshape(product, [kh, o, kw, c]), [1, 3, 0, 2]);
}

/**
 * Cuts out what each kernel position saw.
 * @param padded `[n, h, w, c]`
 * @param outShape `[n, h', w', o]`
 * @returns `[n·h'·w', kh·kw·c]`
 */
function windowsOf(
  padded: Value,
  outShape: readonly number[],
  kh: number,
  kw: number,
  stride: number,
): Value {
  const { graph, dtype } = padded;
  const [n, outH, outW] = outShape as [number, number, number, number];
  const c = padded.shape[3]!;
  const windows: Value[] = [];
  for (let top = 0; top < kh; top++) {
    for (let left = 0; left < kw; left++) {
      const operands = [
        padded,
        graph.int64([top, left]),
        graph.int64([top + (outH - 1) * stride + 1, left + (outW - 1) * stride + 1]),
        graph.int64([1, 2]),
        graph.int64([stride, stride]),
      ];
      const [window] = graph.emit('Slice', operands, [{ dtype, shape: [n, outH, outW, c] }]);
      windows.push(reshape(window!, [n * outH * outW, c]));
    }
  }
  return concat(windows, 1);
}
