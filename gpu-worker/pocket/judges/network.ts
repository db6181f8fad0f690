/** @file The judges' network: one image trunk with several heads, and a small text encoder beside it. */
import { buildClipTextModel, buildPooledText } from '../../diffusion/models/clip-text-model.ts';
import { resnetBlock2d } from '../../diffusion/models/resnet-block-2d.ts';
import {
  type ClipTextConfig,
  clipTextConfigSchema,
} from '../../diffusion/weights/model-configs.ts';
import type { Value } from '../../tensor/graph/graph.ts';
import { add, div, mul, silu, sqrt } from '../../tensor/graph/ops/elementwise.ts';
import { matMul } from '../../tensor/graph/ops/linalg.ts';
import { reshape, transpose } from '../../tensor/graph/ops/movement.ts';
import { softmax } from '../../tensor/graph/ops/normalization.ts';
import { reduceSum } from '../../tensor/graph/ops/reduction.ts';
import { conv2d, groupNorm, linear } from '../../tensor/nn/layers.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import { CHOICE_COUNT } from './attributes.ts';

/** Side of the pictures that the judges look at, in pixels. */
export const JUDGE_SIZE = 128;
/** Pixels of a patch's side: the network begins with a number for each pixel of a patch. */
const PATCH = 4;
const PATCHES = JUDGE_SIZE / PATCH;
/** Channels, rows and columns of a picture that is cut into patches. */
export const PATCH_SHAPE = [3 * PATCH ** 2, PATCHES, PATCHES] as const;

/**
 * Cuts a picture into patches, each pixel of a patch in a channel of its own.
 * @param pixels float32 `[3, JUDGE_SIZE, JUDGE_SIZE]`
 * @param out float32 `[PATCH_SHAPE]`
 */
export function toPatches(pixels: Float32Array, out: Float32Array): void {
  for (let i = 0; i < pixels.length; i++) {
    const [c, y, x] = [
      Math.floor(i / JUDGE_SIZE ** 2),
      Math.floor(i / JUDGE_SIZE) % JUDGE_SIZE,
      i % JUDGE_SIZE,
    ];
    const channel = (c * PATCH + (y % PATCH)) * PATCH + (x % PATCH);
    out[(channel * PATCHES + Math.floor(y / PATCH)) * PATCHES + Math.floor(x / PATCH)] = pixels[i]!;
  }
}

/** Channels at a quarter, an eighth and a sixteenth of the size. */
const CHANNELS = [32, 64, 128] as const;
/** Channels and positions of the layers that the perceptual distance compares. */
export const LAYERS = CHANNELS.map((channels, level) => ({
  channels,
  positions: (JUDGE_SIZE / 4 / 2 ** level) ** 2,
}));
/** Places that the pooling looks at, each through weights of its own. */
const QUERIES = 6;
const NECK = 256;
export const IDENTITY_WIDTH = 64;
export const TEXT_WIDTH = 64;
/** Numbers that tell one individual from another of its colours: four tints and eight shapes. */
export const LOOKS = 12;
export const LOOKS_HEAD = 'looks';

const NORM = { groups: 8, epsilon: 1e-5 } as const;

/** What the judges see in a batch of pictures. */
export interface Sight {
  /** Choices of all attributes side by side, before the softmax: `[n, CHOICE_COUNT]`. */
  readonly logits: Value;
  /** Tells individuals apart; length 1: `[n, IDENTITY_WIDTH]`. */
  readonly identity: Value;
  /** Lies near the texts that are true of the picture; length 1: `[n, TEXT_WIDTH]`. */
  readonly semantic: Value;
  /** What all heads read: `[n, NECK]`. */
  readonly neck: Value;
  /** For the perceptual distance: `[n, c, h, w]` each, see {@link LAYERS}. */
  readonly layers: readonly Value[];
}

/**
 * @param patches float32 `[n, PATCH_SHAPE]`, see {@link toPatches}
 */
export function buildSight(weights: Weights, patches: Value): Sight {
  const layers: Value[] = [];
  let hidden = patches;
  for (const [level, channels] of CHANNELS.entries()) {
    const scope = scoped(weights, `levels.${level}`);
    hidden = conv2d(scoped(scope, 'down'), hidden, channels, 3, {
      stride: level === 0 ? 1 : 2,
      pads: [1, 1, 1, 1],
    });
    hidden = resnetBlock2d(scoped(scope, 'block'), hidden, channels, NORM);
    layers.push(hidden);
  }
  const normed = silu(groupNorm(scoped(weights, 'norm'), hidden, NORM.groups, NORM.epsilon));
  const neck = silu(linear(scoped(weights, 'neck'), attentionPool(weights, normed), NECK));
  return {
    logits: linear(scoped(weights, 'attributes'), neck, CHOICE_COUNT),
    identity: toUnitLength(linear(scoped(weights, 'identity'), neck, IDENTITY_WIDTH)),
    semantic: toUnitLength(linear(scoped(weights, 'semantic'), neck, TEXT_WIDTH)),
    neck,
    layers,
  };
}

/** A guess at tints and shapes, `[n, LOOKS]`. It helps the trunk to learn, and is not kept. */
export const guessLooks = (weights: Weights, { neck }: Sight): Value =>
  linear(scoped(weights, LOOKS_HEAD), neck, LOOKS);

/**
 * Weighted means over all places, one for each query.
 * @param input `[n, c, h, w]`
 * @returns `[n, QUERIES · c]`
 */
function attentionPool(weights: Weights, input: Value): Value {
  const [n, c, h, w] = input.shape as [number, number, number, number];
  const scores = conv2d(scoped(weights, 'queries'), input, QUERIES, 1);
  const attention = softmax(reshape(scores, [n, QUERIES, h * w]));
  const places = transpose(reshape(input, [n, c, h * w]), [0, 2, 1]);
  return reshape(matMul(attention, places), [n, QUERIES * c]);
}

/** @param input `[n, width]` */
export function toUnitLength(input: Value): Value {
  const squares = reduceSum(mul(input, input), [1], true);
  return div(input, sqrt(add(squares, 1e-6)));
}

/** @param ids of the tokenizer's special tokens */
export const judgeTextConfig = (
  vocabSize: number,
  ids: { bos: number; eos: number; pad: number },
  tokens: number,
): ClipTextConfig =>
  clipTextConfigSchema.parse({
    vocab_size: vocabSize,
    hidden_size: 64,
    intermediate_size: 192,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    max_position_embeddings: tokens,
    bos_token_id: ids.bos,
    eos_token_id: ids.eos,
    pad_token_id: ids.pad,
    projection_dim: TEXT_WIDTH,
  });

/**
 * @param ids int32 `[n, tokens]`
 * @returns length 1, `[n, TEXT_WIDTH]`
 */
export function buildTextSense(weights: Weights, config: ClipTextConfig, ids: Value): Value {
  const text = scoped(weights, 'text');
  const { lastHiddenState } = buildClipTextModel(text, config, ids);
  return toUnitLength(buildPooledText(text, config, lastHiddenState, ids));
}
