/** @file AutoencoderKL: pictures ↔ latents. Tensor names as in the checkpoint. */
import type { Value } from '../../tensor/graph/graph.ts';
import { add, clip, silu } from '../../tensor/graph/ops/elementwise.ts';
import { chunk, reshape, transpose, upsampleNearest } from '../../tensor/graph/ops/movement.ts';
import { attention, conv2d, conv3x3, groupNorm, linear } from '../../tensor/nn/layers.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import type { VaeConfig } from '../weights/model-configs.ts';
import { resnetBlock2d } from './resnet-block-2d.ts';

/** @see diffusers `src/diffusers/models/autoencoders/vae.py` */
const NORM_EPSILON = 1e-6;

/** How many picture pixels stand behind one latent, along each side. */
export const vaeScaleFactor = (config: VaeConfig): number =>
  2 ** (config.block_out_channels.length - 1);

/**
 * @param pixels float32 `[n, in_channels, h, w]` in [−1, 1]
 * @returns mean and log-variance of the posterior, `[n, latent_channels, h/f, w/f]`; not multiplied by
 *   `scaling_factor`
 */
export function buildVaeEncoder(
  weights: Weights,
  config: VaeConfig,
  pixels: Value,
): { mean: Value; logvar: Value } {
  const {
    block_out_channels: channels,
    layers_per_block,
    latent_channels,
    norm_num_groups: groups,
  } = config;
  const encoder = scoped(weights, 'encoder');
  const resnet = { groups, epsilon: NORM_EPSILON };

  let hidden = conv3x3(scoped(encoder, 'conv_in'), pixels, channels[0]!);
  for (const [i, width] of channels.entries()) {
    const block = scoped(encoder, `down_blocks.${i}`);
    for (let j = 0; j < layers_per_block; j++) {
      hidden = resnetBlock2d(scoped(block, `resnets.${j}`), hidden, width, resnet);
    }
    if (i < channels.length - 1) {
      // Padded on the far sides only.
      hidden = conv2d(scoped(block, 'downsamplers.0.conv'), hidden, width, 3, {
        stride: 2,
        pads: [0, 0, 1, 1],
      });
    }
  }
  hidden = midBlock(scoped(encoder, 'mid_block'), config, hidden);
  hidden = silu(groupNorm(scoped(encoder, 'conv_norm_out'), hidden, groups, NORM_EPSILON));
  hidden = conv3x3(scoped(encoder, 'conv_out'), hidden, 2 * latent_channels);
  if (config.use_quant_conv)
    hidden = conv2d(scoped(weights, 'quant_conv'), hidden, 2 * latent_channels, 1);

  const [mean, logvar] = chunk(hidden, 1, 2);
  return { mean: mean!, logvar: clip(logvar!, -30, 20) };
}

/**
 * @param latents float32 `[n, latent_channels, h, w]`, already divided by `scaling_factor`
 * @returns pixels `[n, out_channels, h·f, w·f]`, about [−1, 1]
 */
export function buildVaeDecoder(weights: Weights, config: VaeConfig, latents: Value): Value {
  const { layers_per_block, latent_channels, norm_num_groups: groups, out_channels } = config;
  const channels = config.block_out_channels.toReversed();
  const decoder = scoped(weights, 'decoder');
  const resnet = { groups, epsilon: NORM_EPSILON };

  let hidden = config.use_post_quant_conv
    ? conv2d(scoped(weights, 'post_quant_conv'), latents, latent_channels, 1)
    : latents;
  hidden = conv3x3(scoped(decoder, 'conv_in'), hidden, channels[0]!);
  hidden = midBlock(scoped(decoder, 'mid_block'), config, hidden);
  for (const [i, width] of channels.entries()) {
    const block = scoped(decoder, `up_blocks.${i}`);
    for (let j = 0; j <= layers_per_block; j++) {
      hidden = resnetBlock2d(scoped(block, `resnets.${j}`), hidden, width, resnet);
    }
    if (i < channels.length - 1) {
      hidden = conv3x3(scoped(block, 'upsamplers.0.conv'), upsampleNearest(hidden), width);
    }
  }
  hidden = silu(groupNorm(scoped(decoder, 'conv_norm_out'), hidden, groups, NORM_EPSILON));
  return conv3x3(scoped(decoder, 'conv_out'), hidden, out_channels);
}

/** resnet, self-attention with one head over all pixels, resnet. */
function midBlock(weights: Weights, config: VaeConfig, input: Value): Value {
  const [n, c, h, w] = input.shape as [number, number, number, number];
  const groups = config.norm_num_groups;
  const resnet = { groups, epsilon: NORM_EPSILON };
  let hidden = resnetBlock2d(scoped(weights, 'resnets.0'), input, c, resnet);
  if (config.mid_block_add_attention) {
    const attn = scoped(weights, 'attentions.0');
    const normed = groupNorm(scoped(attn, 'group_norm'), hidden, groups, NORM_EPSILON);
    const tokens = transpose(reshape(normed, [n, c, h * w]), [0, 2, 1]);
    const project = (name: string) => linear(scoped(attn, name), tokens, c);
    const attended = attention(project('to_q'), project('to_k'), project('to_v'), 1);
    const out = linear(scoped(attn, 'to_out.0'), attended, c);
    hidden = add(hidden, reshape(transpose(out, [0, 2, 1]), [n, c, h, w]));
  }
  return resnetBlock2d(scoped(weights, 'resnets.1'), hidden, c, resnet);
}
