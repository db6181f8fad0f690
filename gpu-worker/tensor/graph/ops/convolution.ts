/** @file Two-dimensional convolution, NCHW. */
import type { Value } from '../graph.ts';

export interface ConvOptions {
  stride?: number;
  /** `[top, left, bottom, right]` zero padding. */
  pads?: readonly [number, number, number, number];
}

/**
 * Cross-correlation as in torch's `conv2d`, without groups or dilation.
 * @param input `[n, c, h, w]`
 * @param weight `[o, c, kh, kw]`
 * @param bias `[o]`
 */
export function conv2d(
  input: Value,
  weight: Value,
  bias?: Value,
  options: ConvOptions = {},
): Value {
  const { stride = 1, pads = [0, 0, 0, 0] } = options;
  const [n, c, h, w] = input.shape as [number, number, number, number];
  const [o, cW, kh, kw] = weight.shape as [number, number, number, number];
  if (c !== cW) throw new RangeError(`conv2d: ${c} channels meet a weight for ${cW}`);
  const height = Math.floor((h + pads[0] + pads[2] - kh) / stride) + 1;
  const width = Math.floor((w + pads[1] + pads[3] - kw) / stride) + 1;
  const inputs = bias ? [input, weight, bias] : [input, weight];
  const [output] = input.graph.emit(
    'Conv',
    inputs,
    [{ dtype: input.dtype, shape: [n, o, height, width] }],
    { kernel_shape: [kh, kw], strides: [stride, stride], pads },
  );
  return input.graph.record('Conv', inputs, output!, { attributes: { stride, pads } });
}
