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
import { concat, reshape, transpose } from '../../tensor/graph/ops/movement.ts';
import { softmax } from '../../tensor/graph/ops/normalization.ts';
import { reduceMean, reduceSum } from '../../tensor/graph/ops/reduction.ts';
import { conv2d, groupNorm, linear } from '../../tensor/nn/layers.ts';
import { scoped, type Weights } from '../../tensor/nn/weights.ts';
import { PICTURE_SIZE } from '../world/render.ts';
import { CHOICE_COUNT } from './attributes.ts';

/** Side of the pictures that the judges look at, in pixels. */
export const JUDGE_SIZE = PICTURE_SIZE;
/** Pixels of a patch's side: the network begins with a number for each pixel of a patch. */
const PATCH = 2;
const PATCHES = JUDGE_SIZE / PATCH;
/** Channels, rows and columns of a picture that is cut into patches. */
export const PATCH_SHAPE = [3 * PATCH ** 2, PATCHES, PATCHES] as const;

/**
 * Cuts a picture into patches, each pixel of a patch in a channel of its own.
 * @param pixels float32 `[3, JUDGE_SIZE, JUDGE_SIZE]`
 * @param out float32 `[PATCH_SHAPE]`
 */
export function toPatches(pixels: Float32Array, out: Float32Array): void {
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < JUDGE_SIZE; y++) {
      const from = (c * JUDGE_SIZE + y) * JUDGE_SIZE;
      const row = Math.floor(y / PATCH) * PATCHES;
      for (let within = 0; within < PATCH; within++) {
        const channel = (c * PATCH + (y % PATCH)) * PATCH + within;
        const to = channel * PATCHES ** 2 + row;
        for (let x = 0; x < PATCHES; x++) out[to + x] = pixels[from + x * PATCH + within]!;
      }
    }
  }
}

/** Channels at half, a quarter and an eighth of the size. */
const CHANNELS = [32, 64, 128] as const;
/** Channels and positions of the layers that the perceptual distance compares. */
export const LAYERS = CHANNELS.map((channels, level) => ({
  channels,
  positions: (PATCHES / 2 ** level) ** 2,
}));
/** Numbers that are kept of each of the last layer's places. */
const PLACE_CHANNELS = 16;
/** Parts of the picture that pooling looks at, wherever they are: a coat is striped all over. */
const QUERIES = 4;
const NECK = 256;
export const IDENTITY_WIDTH = 64;
export const TEXT_WIDTH = 64;
/** Numbers that tell one individual from another of its colours: four tints and eight shapes. */
export const LOOKS = 12;
export const LOOKS_HEAD = 'looks';

const NORM = { groups: 8, epsilon: 1e-5 } as const;
const AROUND = [1, 1, 1, 1] as const;

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
  const stem = conv2d(scoped(weights, 'stem'), patches, CHANNELS[0], 3, { pads: AROUND });
  const layers = [resnetBlock2d(scoped(weights, 'block'), stem, CHANNELS[0], NORM)];
  for (const [i, channels] of CHANNELS.slice(1).entries()) {
    const level = scoped(weights, `levels.${i}`);
    const down = { stride: 2, pads: AROUND };
    const smaller = conv2d(scoped(level, 'down'), layers.at(-1)!, channels, 3, down);
    layers.push(resnetBlock2d(scoped(level, 'block'), smaller, channels, NORM));
  }
  const hidden = layers.at(-1)!;
  const normed = silu(groupNorm(scoped(weights, 'norm'), hidden, NORM.groups, NORM.epsilon));
  const seen = [
    lineUpPlaces(weights, normed),
    attentionPool(weights, normed),
    ...layers.slice(0, -1).map((layer) => reduceMean(silu(layer), [2, 3])),
  ];
  const neck = silu(linear(scoped(weights, 'neck'), concat(seen, 1), NECK));
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
 * All places side by side, a few numbers each: where something stands says what it is, subject or place.
 * @param input `[n, c, h, w]`
 * @returns `[n, PLACE_CHANNELS · h · w]`
 */
function lineUpPlaces(weights: Weights, input: Value): Value {
  const [n, , h, w] = input.shape as [number, number, number, number];
  const few = conv2d(scoped(weights, 'places'), input, PLACE_CHANNELS, 1);
  return reshape(few, [n, PLACE_CHANNELS * h * w]);
}

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
