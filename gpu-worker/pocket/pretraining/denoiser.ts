/** @file Trains pocket's UNet and text encoder together on latents of the world's pictures. */

import { listParameters } from '../../diffusion/models/list-parameters.ts';
import type { SchedulerConfig } from '../../diffusion/schedulers/scheduler-config.ts';
import type { ClipTokenizer } from '../../diffusion/tokenizers/clip-tokenizer.ts';
import {
  buildDenoisingLoss,
  type DenoiserConfigs,
  listDenoiserParameters,
} from '../../diffusion/training/denoising-loss.ts';
import { noiseRows } from '../../diffusion/training/noised-rows.ts';
import { add, mul } from '../../tensor/graph/ops/elementwise.ts';
import type { ParameterSpec } from '../../tensor/optim/parameter-bank.ts';
import { Trainer } from '../../tensor/optim/trainer.ts';
import { Philox } from '../../tensor/random/philox.ts';
import type { Feeds } from '../../tensor/runtime/session.ts';
import { captionOf } from '../world/captions.ts';
import { createRandom } from '../world/random.ts';
import type { Scene } from '../world/scene.ts';
import { pretrainingScene } from '../world/seeds.ts';
import { initialWeights } from './initial-weights.ts';
import { FACT_COUNT, factsOf, readingLoss } from './text-encoder.ts';

export const DENOISER_BATCH = 32;
/** Share of rows whose caption is empty, so that guidance has an unconditional prediction. */
const EMPTY_CAPTIONS = 0.1;
/** Shares of rows that must show an accessory, or a pattern: what is small must be seen often to be learned soon. */
const MUST_WEAR = 0.25;
const MUST_HAVE_PATTERN = 0.3;
/** How much more a place counts that the subject covers than one that it leaves free: subjects are hard, and small. */
const SUBJECT_WEIGHT = 4;
/**
 * The logit of a row's share of the schedule is normal, of this mean and deviation: half of the rows lie in its first
 * 38 %, where stripes, spots and brush strokes are decided.
 */
const TIMESTEP_LOGIT = { mean: -0.5, deviation: 1.4 } as const;
/**
 * Weight of the text encoder's reading loss beside the denoising loss. Without it the encoder loses words for what the
 * UNet cannot draw yet, and then it never learns to.
 */
const READING_WEIGHT = 0.1;
const STREAM = { choice: 11, noise: 12 } as const;

/** Last layers of residual branches, of the model, and of the reading, begin at zero. */
const ZERO_AT_FIRST = /(conv2|proj_out|conv_out|ff\.net\.2|^head)\.weight$/;

/** What is trained: UNet, text encoder and the layer that reads its states, each with a learning rate of its own. */
export function pretrainedParameters(configs: DenoiserConfigs): ParameterSpec[] {
  const head = listParameters((weights, input) => {
    const states = input('float32', [1, 1, configs.textEncoder.config.hidden_size]);
    readingLoss(weights, states, input('float32', [1, FACT_COUNT]));
  });
  return [
    ...listDenoiserParameters(configs, true),
    ...head.map((spec) => ({ ...spec, lrClass: 'head' })),
  ];
}

/**
 * A trainer of UNet and text encoder. Its step reports the sum of denoising and weighted reading loss.
 * @param options.processes that share a step, a batch each; 1 where absent
 * @param read gives first values; what it has none for begins from nothing
 */
export function createDenoiserTrainer(
  configs: DenoiserConfigs,
  latentSize: number,
  tokens: number,
  seed: number,
  { threads, processes = 1 }: { threads: number; processes?: number },
  read: (name: string) => Float32Array | undefined,
): Promise<Trainer> {
  const parameters = pretrainedParameters(configs);
  const order = new Map(parameters.map((spec, i) => [spec.name, { spec, i }]));
  return Trainer.create({
    parameters,
    initial: (name) => {
      const { spec, i } = order.get(name)!;
      return read(name) ?? initialWeights(spec, seed, i, ZERO_AT_FIRST);
    },
    threads,
    gradientAccumulationSteps: processes,
    inParallel: processes > 1,
    adamw: { betas: [0.9, 0.99], weightDecay: 0.01 },
    build: (graph, weights) => {
      const { loss, textStates } = buildDenoisingLoss(graph, weights, configs, {
        rows: DENOISER_BATCH,
        latentHeight: latentSize,
        latentWidth: latentSize,
        prompts: DENOISER_BATCH,
        tokens,
        trainTextEncoder: true,
        weighsPlaces: true,
      });
      const facts = graph.input('facts', 'float32', [DENOISER_BATCH, FACT_COUNT]);
      const reading = mul(readingLoss(weights, textStates, facts), READING_WEIGHT / processes);
      return { loss: add(loss, reading) };
    },
  });
}

export interface LatentSet {
  /** float32, one latent after the other, multiplied by the scaling factor. */
  readonly data: Float32Array;
  readonly count: number;
  /** `[c, h, w]` */
  readonly shape: readonly [number, number, number];
  readonly scalingFactor: number;
}

/** Latents, and where in their pictures the subject is: uint8, `h · w` a picture, 255 where it covers all of a place. */
export interface CoveredLatentSet extends LatentSet {
  readonly coverage: Uint8Array;
}

/**
 * Timesteps for one batch, from low noise to high: logit-normal, and spread evenly, so that batches differ less than
 * with independent ones.
 *
 * @param timesteps of the schedule
 * @param start in [0, 1): where in its share of the schedule each row lies
 * @see Esser et al. 2024, section 3.1, https://arxiv.org/abs/2403.03206
 */
export function spreadTimesteps(timesteps: number, rows: number, start: number): Int32Array {
  const { mean, deviation } = TIMESTEP_LOGIT;
  const densities = Float64Array.from({ length: timesteps }, (_, timestep) => {
    const share = (timestep + 0.5) / timesteps;
    const z = (Math.log(share / (1 - share)) - mean) / deviation;
    return Math.exp(-(z ** 2) / 2) / (share * (1 - share));
  });
  const total = densities.reduce((sum, density) => sum + density, 0);
  const chosen = new Int32Array(rows);
  let [timestep, passed] = [0, densities[0]!];
  for (let row = 0; row < rows; row++) {
    const wanted = ((row + start) / rows) * total;
    while (passed <= wanted && timestep < timesteps - 1) passed += densities[++timestep]!;
    chosen[row] = timestep;
  }
  return chosen;
}

/** A picture, by chance one that shows an accessory or a pattern, where a hundred draws find any. */
function choosePicture(choice: Philox, count: number): { index: number; scene: Scene } {
  const share = choice.uniform();
  const serves = ({ accessory, subject }: Scene): boolean => {
    if (share < MUST_WEAR) return accessory !== 'none';
    return share >= MUST_WEAR + MUST_HAVE_PATTERN || subject.pattern !== 'plain';
  };
  const draw = () => {
    const index = choice.integer(count);
    return { index, scene: pretrainingScene(index) };
  };
  let picture = draw();
  for (let i = 0; i < 100 && !serves(picture.scene); i++) picture = draw();
  return picture;
}

/**
 * Weighs the places of a latent.
 * @param coverage by the subject, 255 where it covers all of a place
 * @param out of mean 1
 */
export function weighPlaces(coverage: Uint8Array, out: Float32Array): void {
  const weights = Array.from(coverage, (covered) => 1 + ((SUBJECT_WEIGHT - 1) * covered) / 255);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  out.set(weights.map((weight) => weight / mean));
}

/**
 * A batch: random pictures with a fresh caption each, noised.
 * @param batch which one
 * @param batches that share a step
 */
export function denoiserFeeds(
  latents: CoveredLatentSet,
  tokenizer: ClipTokenizer,
  scheduler: SchedulerConfig,
  alphas: Float64Array,
  seed: number,
  batch: number,
  batches: number,
): Feeds {
  const [channels, height, width] = latents.shape;
  const area = height * width;
  const size = channels * area;
  const choice = new Philox(seed, batch, STREAM.choice);
  const ids = new Int32Array(DENOISER_BATCH * tokenizer.maxLength);
  const facts = new Float32Array(DENOISER_BATCH * FACT_COUNT);
  const placeWeights = new Float32Array(DENOISER_BATCH * area);
  const rows: Float32Array[] = [];
  for (let row = 0; row < DENOISER_BATCH; row++) {
    const { index, scene } = choosePicture(choice, latents.count);
    rows.push(latents.data.subarray(index * size, (index + 1) * size));
    weighPlaces(
      latents.coverage.subarray(index * area, (index + 1) * area),
      placeWeights.subarray(row * area, (row + 1) * area),
    );
    const empty = choice.uniform() < EMPTY_CAPTIONS;
    const caption = empty ? '' : captionOf(scene, createRandom(choice.uint32()));
    facts.set(factsOf(scene), row * FACT_COUNT);
    ids.set(tokenizer.encodePadded(caption), row * tokenizer.maxLength);
  }
  const timesteps = spreadTimesteps(alphas.length, DENOISER_BATCH, choice.uniform());
  const { feeds } = noiseRows(
    rows,
    latents.shape,
    scheduler,
    alphas,
    (row) => new Philox(seed, batch, STREAM.noise, row),
    0,
    (row) => timesteps[row]!,
  );
  return {
    ...feeds,
    placeWeights: { data: placeWeights, shape: [DENOISER_BATCH, 1, height, width] },
    rowWeights: {
      data: new Float32Array(DENOISER_BATCH).fill(1 / (batches * DENOISER_BATCH)),
      shape: [DENOISER_BATCH],
    },
    rowPrompts: {
      data: Int32Array.from({ length: DENOISER_BATCH }, (_, i) => i),
      shape: [DENOISER_BATCH],
    },
    ids: { data: ids, shape: [DENOISER_BATCH, tokenizer.maxLength] },
    facts: { data: facts, shape: [DENOISER_BATCH, FACT_COUNT] },
  };
}
