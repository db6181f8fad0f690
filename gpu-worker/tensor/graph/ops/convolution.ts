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
  const operands = isMiscomputed(c, o)
    ? [fillChannels(input), fillChannels(weight), ...inputs.slice(2)]
    : inputs;
  const [output] = input.graph.emit(
    'Conv',
    operands,
    [{ dtype: input.dtype, shape: [n, o, height, width] }],
    { kernel_shape: [kh, kw], strides: [stride, stride], pads },
  );
  return input.graph.record('Conv', inputs, output!, { attributes: { stride, pads } });
}

/**
 * ONNX Runtime 1.30's WebGPU kernel reads channels three at a time where their number is a multiple
 * of 3 and not of 4, and then takes all but the first three from the wrong place. So such a
 * convolution gets channels of zeros, on every provider: graphs do not know where they will run.
 * @see docs/ops.md, which has the case
 */
const isMiscomputed = (channels: number, outChannels: number): boolean =>
  channels > 3 && channels % 3 === 0 && channels % 4 !== 0 && outChannels % 4 === 0;

/** Adds channels of zeros, axis 1, up to a multiple of 4. */
function fillChannels(value: Value): Value {
  const { graph, dtype } = value;
  const channels = value.shape[1]!;
  const missing = 4 - (channels % 4);
  return graph.emit(
    'Pad',
    [value, graph.int64([0, 0, 0, 0, 0, missing, 0, 0])],
    [{ dtype, shape: value.shape.with(1, channels + missing) }],
  )[0]!;
}
