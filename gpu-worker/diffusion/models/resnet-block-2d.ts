/** @file The residual block that UNet and autoencoder share. */
import type { Value } from '../../tensor/graph/graph.ts';
import { add, mul, silu } from '../../tensor/graph/ops/elementwise.ts';
import { reshape } from '../../tensor/graph/ops/movement.ts';
import { conv2d, conv3x3, groupNorm, linear } from '../../tensor/nn/layers.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';

export interface ResnetOptions {
  groups: number;
  epsilon: number;
  /** SiLU of the time embedding, `[batch, width]`; the autoencoder has none. */
  timeEmbed?: Value;
  outputScaleFactor?: number;
}

/**
 * norm → SiLU → conv (+ time) → norm → SiLU → conv, plus the input (through a 1×1 convolution
 * where the channels change).
 * @param input `[n, c, h, w]`
 * @returns `[n, outChannels, h, w]`
 * @see diffusers `src/diffusers/models/resnet.py`, ResnetBlock2D
 */
export function resnetBlock2d(
  weights: Weights,
  input: Value,
  outChannels: number,
  options: ResnetOptions,
): Value {
  const { groups, epsilon, timeEmbed, outputScaleFactor = 1 } = options;
  let hidden = silu(groupNorm(scoped(weights, 'norm1'), input, groups, epsilon));
  hidden = conv3x3(scoped(weights, 'conv1'), hidden, outChannels);
  if (timeEmbed) {
    const shift = linear(scoped(weights, 'time_emb_proj'), timeEmbed, outChannels);
    hidden = add(hidden, reshape(shift, [-1, outChannels, 1, 1]));
  }
  hidden = silu(groupNorm(scoped(weights, 'norm2'), hidden, groups, epsilon));
  hidden = conv3x3(scoped(weights, 'conv2'), hidden, outChannels);
  const shortcut =
    input.shape[1] === outChannels
      ? input
      : conv2d(scoped(weights, 'conv_shortcut'), input, outChannels, 1);
  const sum = add(shortcut, hidden);
  return outputScaleFactor === 1 ? sum : mul(sum, 1 / outputScaleFactor);
}
