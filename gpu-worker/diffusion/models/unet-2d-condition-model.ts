/** @file UNet2DConditionModel: predicts the noise (or velocity) in latents, given a timestep and text. */
import type { Value } from '../../tensor/graph/graph.ts';
import { add, cast, gelu, mul, silu, sine, sub } from '../../tensor/graph/ops/elementwise.ts';
import {
  chunk,
  concat,
  reshape,
  transpose,
  upsampleNearest,
} from '../../tensor/graph/ops/movement.ts';
import {
  attention,
  conv2d,
  conv3x3,
  groupNorm,
  layerNorm,
  linear,
} from '../../tensor/nn/layers.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import type { UnetConfig } from '../weights/model-configs.ts';
import { resnetBlock2d } from './resnet-block-2d.ts';

/** Group-norm epsilon of the transformers, whatever `norm_eps` says. */
const TRANSFORMER_GROUP_NORM_EPSILON = 1e-6;
const LAYER_NORM_EPSILON = 1e-5;

export interface UnetInputs {
  /** float32 `[n, in_channels, h, w]` */
  sample: Value;
  /** int32 or float32 `[n]` */
  timesteps: Value;
  /** float32 `[n, tokens, cross_attention_dim]` */
  encoderHiddenStates: Value;
  /** SDXL: pooled text `[n, pooled]` and time ids `[n, 6]`, float32. */
  addition?: { textEmbeds: Value; timeIds: Value };
}

export interface UnetOptions {
  /** Resnets and transformers are computed again in the backward pass: less memory, about a third more time. */
  gradientCheckpointing?: boolean;
}

/** One value a level, where the config gives one for all or a list. */
const perLevel = (setting: number | readonly number[], level: number): number =>
  typeof setting === 'number' ? setting : setting[level]!;

/**
 * @returns the prediction, same shape as `sample` but with `out_channels`
 * @throws {Error} when a weight is missing or misshapen
 * @see diffusers `src/diffusers/models/unets/unet_2d_condition.py`
 */
export function buildUnet(
  weights: Weights,
  config: UnetConfig,
  inputs: UnetInputs,
  options: UnetOptions = {},
): Value {
  const { sample, encoderHiddenStates } = inputs;
  const channels = config.block_out_channels;
  const levels = channels.length;
  const groups = config.norm_num_groups;

  // 1. time
  const timeEmbed = silu(buildTimeEmbedding(weights, config, inputs));
  const resnetOptions = {
    groups,
    epsilon: config.norm_eps,
    timeEmbed,
  };
  const block = (input: Value, build: () => Value) =>
    options.gradientCheckpointing ? sample.graph.checkpoint([input], build) : build();
  const resnet = (scope: Weights, hidden: Value, width: number, outputScaleFactor = 1) =>
    block(hidden, () =>
      resnetBlock2d(scope, hidden, width, { ...resnetOptions, outputScaleFactor }),
    );
  const transformer = (scope: Weights, hidden: Value, level: number) =>
    block(hidden, () =>
      transformer2d(scope, hidden, encoderHiddenStates, {
        groups,
        heads: perLevel(config.attention_head_dim, level),
        layers: perLevel(config.transformer_layers_per_block, level),
        useLinearProjection: config.use_linear_projection,
      }),
    );

  // 2. down: every intermediate result is kept for the way up
  const centered = config.center_input_sample ? sub(mul(sample, 2), 1) : sample;
  let hidden = conv2d(scoped(weights, 'conv_in'), centered, channels[0]!, config.conv_in_kernel, {
    pads: evenPads(config.conv_in_kernel),
  });
  const skips = [hidden];
  for (const [level, width] of channels.entries()) {
    const down = scoped(weights, `down_blocks.${level}`);
    for (let i = 0; i < perLevel(config.layers_per_block, level); i++) {
      hidden = resnet(scoped(down, `resnets.${i}`), hidden, width);
      if (config.down_block_types[level] === 'CrossAttnDownBlock2D') {
        hidden = transformer(scoped(down, `attentions.${i}`), hidden, level);
      }
      skips.push(hidden);
    }
    if (level < levels - 1) {
      const padding = config.downsample_padding;
      hidden = conv2d(scoped(down, 'downsamplers.0.conv'), hidden, width, 3, {
        stride: 2,
        pads: padding === 0 ? [0, 0, 1, 1] : [padding, padding, padding, padding],
      });
      skips.push(hidden);
    }
  }

  // 3. middle
  if (config.mid_block_type !== null) {
    const mid = scoped(weights, 'mid_block');
    const width = channels[levels - 1]!;
    const scale = config.mid_block_scale_factor;
    hidden = resnet(scoped(mid, 'resnets.0'), hidden, width, scale);
    hidden = transformer(scoped(mid, 'attentions.0'), hidden, levels - 1);
    hidden = resnet(scoped(mid, 'resnets.1'), hidden, width, scale);
  }

  // 4. up: levels in reverse, each resnet also sees one skip
  for (let i = 0; i < levels; i++) {
    const level = levels - 1 - i;
    const up = scoped(weights, `up_blocks.${i}`);
    for (let j = 0; j <= perLevel(config.layers_per_block, level); j++) {
      hidden = concat([hidden, skips.pop()!], 1);
      hidden = resnet(scoped(up, `resnets.${j}`), hidden, channels[level]!);
      if (config.up_block_types[i] === 'CrossAttnUpBlock2D') {
        hidden = transformer(scoped(up, `attentions.${j}`), hidden, level);
      }
    }
    if (level > 0) {
      hidden = conv3x3(scoped(up, 'upsamplers.0.conv'), upsampleNearest(hidden), channels[level]!);
    }
  }

  // 5. out
  hidden = silu(groupNorm(scoped(weights, 'conv_norm_out'), hidden, groups, config.norm_eps));
  return conv2d(scoped(weights, 'conv_out'), hidden, config.out_channels, config.conv_out_kernel, {
    pads: evenPads(config.conv_out_kernel),
  });
}

function evenPads(kernelSize: number): [number, number, number, number] {
  const pad = (kernelSize - 1) / 2;
  return [pad, pad, pad, pad];
}

function buildTimeEmbedding(
  weights: Weights,
  config: UnetConfig,
  { timesteps, addition }: UnetInputs,
): Value {
  const [width] = config.block_out_channels as [number];
  const embedWidth = 4 * width;
  const sinusoid = (values: Value, size: number) => sinusoidalEmbedding(values, size, config);
  const mlp = (scope: Weights, input: Value) =>
    linear(
      scoped(scope, 'linear_2'),
      silu(linear(scoped(scope, 'linear_1'), input, embedWidth)),
      embedWidth,
    );

  const time = mlp(scoped(weights, 'time_embedding'), sinusoid(cast(timesteps, 'float32'), width));
  if (config.addition_embed_type !== 'text_time') return time;
  if (!addition) throw new Error('this UNet needs pooled text and time ids');
  const { textEmbeds, timeIds } = addition;
  const [n, count] = timeIds.shape as [number, number];
  const ids = reshape(sinusoid(reshape(timeIds, [n * count]), config.addition_time_embed_dim!), [
    n,
    count * config.addition_time_embed_dim!,
  ]);
  return add(time, mlp(scoped(weights, 'add_embedding'), concat([textEmbeds, ids], 1)));
}

/**
 * Sinusoidal embedding of numbers.
 * @param values float32 `[n]`
 * @returns `[n, size]`
 * @see diffusers `src/diffusers/models/embeddings.py`, get_timestep_embedding
 */
function sinusoidalEmbedding(values: Value, size: number, config: UnetConfig): Value {
  const { graph } = values;
  const half = size / 2;
  const frequencies = Array.from({ length: half }, (_, i) =>
    Math.exp((-Math.log(10_000) * i) / (half - config.freq_shift)),
  );
  const angles = mul(
    reshape(values, [values.shape[0]!, 1]),
    graph.constant([...frequencies, ...frequencies], [1, size]),
  );
  // A cosine is a sine half a half turn later.
  const phases = config.flip_sin_to_cos ? [0.5, 0] : [0, 0.5];
  const halfTurns = phases.flatMap((phase) => Array<number>(half).fill(phase));
  return sine(angles, graph.constant(halfTurns, [1, size]));
}

interface TransformerOptions {
  groups: number;
  heads: number;
  layers: number;
  useLinearProjection: boolean;
}

/**
 * Spatial transformer: pixels become tokens, attend to each other and to the text.
 * @param input `[n, c, h, w]`
 * @param context `[n, tokens, cross_attention_dim]`
 */
function transformer2d(
  weights: Weights,
  input: Value,
  context: Value,
  options: TransformerOptions,
): Value {
  const { groups, heads, layers, useLinearProjection } = options;
  const [n, c, h, w] = input.shape as [number, number, number, number];
  const toTokens = (value: Value) => transpose(reshape(value, [n, c, h * w]), [0, 2, 1]);
  const toPixels = (value: Value) => reshape(transpose(value, [0, 2, 1]), [n, c, h, w]);

  const normed = groupNorm(scoped(weights, 'norm'), input, groups, TRANSFORMER_GROUP_NORM_EPSILON);
  const projIn = scoped(weights, 'proj_in');
  let hidden = useLinearProjection
    ? linear(projIn, toTokens(normed), c)
    : toTokens(conv2d(projIn, normed, c, 1));
  for (let i = 0; i < layers; i++) {
    hidden = transformerBlock(scoped(weights, `transformer_blocks.${i}`), hidden, context, heads);
  }
  const projOut = scoped(weights, 'proj_out');
  const out = useLinearProjection
    ? toPixels(linear(projOut, hidden, c))
    : conv2d(projOut, toPixels(hidden), c, 1);
  return add(out, input);
}

/** Self-attention, cross-attention and a gated feed-forward layer, each with a residual. */
function transformerBlock(weights: Weights, input: Value, context: Value, heads: number): Value {
  const c = input.shape.at(-1)!;
  const attend = (name: string, query: Value, source: Value) => {
    const attn = scoped(weights, name);
    const project = (key: string, value: Value) =>
      linear(scoped(attn, key), value, c, { bias: false });
    const attended = attention(
      project('to_q', query),
      project('to_k', source),
      project('to_v', source),
      heads,
    );
    return linear(scoped(attn, 'to_out.0'), attended, c);
  };
  const norm = (name: string, value: Value) =>
    layerNorm(scoped(weights, name), value, LAYER_NORM_EPSILON);

  const selfQuery = norm('norm1', input);
  let hidden = add(input, attend('attn1', selfQuery, selfQuery));
  hidden = add(hidden, attend('attn2', norm('norm2', hidden), context));

  // GEGLU: https://arxiv.org/abs/2002.05202
  const [value, gate] = chunk(
    linear(scoped(weights, 'ff.net.0.proj'), norm('norm3', hidden), 8 * c),
    2,
    2,
  );
  return add(hidden, linear(scoped(weights, 'ff.net.2'), mul(value!, gelu(gate!)), c));
}
