/** @file The sampling loop: prompts and seeds in, pixels out, with classifier-free guidance. */
import { Philox } from '../../tensor/random/philox.ts';
import type { Tensor } from '../../tensor/runtime/session.ts';
import { createSampler, type Sampler, type SamplerName } from '../schedulers/create-sampler.ts';
import type { SchedulerConfig } from '../schedulers/scheduler-config.ts';
import { estimateClean } from '../schedulers/sigmas.ts';
import type { Checkpoint } from '../weights/diffusers-checkpoint.ts';
import { type DenoiserTensors, selectTensors } from './checkpoint-weights.ts';
import { drawLatents } from './latents.ts';
import { type PictureSize, pictureSizeOf } from './picture-size.ts';
import { encodePrompts, type PromptTokenizers } from './prompts.ts';
import { type RuntimeOptions, SessionCache } from './session-cache.ts';
import {
  decodeLatents,
  encodeIds,
  encodePixels,
  openUnet,
  predictNoise,
  type UnetFeeds,
} from './sessions.ts';
import { takesTimeIds, timeIdsOf, wholePicture } from './time-ids.ts';

export interface GenerateOptions {
  /** One prompt a picture. */
  prompts: readonly string[];
  /** One seed a picture: a picture does not depend on its neighbours in the batch. */
  seeds: readonly number[];
  negativePrompt?: string | undefined;
  /** Sides in pixels; absent: what the checkpoint was made for. */
  height?: number | undefined;
  width?: number | undefined;
  /** Start from this picture, noised, instead of from noise alone. */
  startImage?: StartImage | undefined;
  sampler: SamplerName;
  numInferenceSteps: number;
  /** 1 or less: no guidance, and half the work. */
  guidanceScale: number;
  signal?: AbortSignal;
  /** Called when everything is ready for the first step. */
  onReady?: (totalSteps: number) => void | Promise<void>;
  /** Called after each step; awaiting it lets the process answer in between. */
  onStep?: (step: number, totalSteps: number) => void | Promise<void>;
  /** Asked after each step but the last whether the pictures are wanted as they look by now. */
  wantsPreview?: (step: number, totalSteps: number) => boolean;
  /** Called with them. They are the clean pictures that the step's prediction implies. */
  onPreview?: (pictures: readonly Picture[]) => void | Promise<void>;
}

/** What image-to-image starts from. */
export interface StartImage {
  /** float32 `[3, height, width]` in [−1, 1] */
  readonly pixels: Float32Array;
  /** In `(0, 1]`: the share of the steps to take; the more, the less is left of the picture. */
  readonly strength: number;
}

export interface Picture {
  /** float32 `[3, height, width]`, about [−1, 1] */
  readonly pixels: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** Names the purpose of a stream of random numbers. */
const STREAM = { start: 1, step: 2, posterior: 3 } as const;

/**
 * Standard normal noise whose rows depend on their own seeds alone.
 * @param step for `'step'`: which one
 * @returns float32 `[seeds, rowSize]`
 */
export function drawNoise(
  seeds: readonly number[],
  rowSize: number,
  purpose: keyof typeof STREAM,
  step = 0,
): Float32Array {
  return concatRows(seeds.map((seed) => new Philox(seed, STREAM[purpose], step).normals(rowSize)));
}

/** A checkpoint (with an artifact over it, maybe) that is ready to make pictures. */
export class TextToImagePipeline {
  readonly #checkpoint: Checkpoint;
  readonly #tensors: DenoiserTensors;
  readonly #tokenizers: PromptTokenizers;
  /** Of the autoencoder. */
  readonly #sessions: SessionCache;
  /** Of text encoders and UNet. */
  readonly #denoiserSessions: SessionCache;
  readonly #own = new Set<SessionCache>();

  /**
   * @param options.sessions the base's, which stay open when the pipeline is closed; with the runtime
   *   options that they were opened with
   */
  constructor(
    checkpoint: Checkpoint,
    tokenizers: PromptTokenizers,
    options: RuntimeOptions & {
      artifactFile?: string;
      otherArtifactFile?: string;
      sessions?: SessionCache;
    } = {},
  ) {
    this.#checkpoint = checkpoint;
    this.#tokenizers = tokenizers;
    const { artifactFile, otherArtifactFile, sessions, ...runtime } = options;
    this.#tensors = selectTensors(checkpoint, artifactFile, otherArtifactFile);
    const openOwn = () => {
      const own = new SessionCache(runtime);
      this.#own.add(own);
      return own;
    };
    this.#sessions = sessions ?? openOwn();
    // Sessions with an artifact's own weights are of no use to anybody else.
    this.#denoiserSessions = this.#tensors.isBase ? this.#sessions : openOwn();
  }

  /**
   * Makes one batch of pictures.
   * @throws {RangeError} when size, number of steps or strength is out of range
   * @throws `signal.reason` between two steps once it is aborted
   * @see Ho & Salimans 2022, eq. 6, https://arxiv.org/abs/2207.12598
   */
  async generate(options: GenerateOptions): Promise<Picture[]> {
    const { prompts, seeds, guidanceScale, startImage, signal } = options;
    const { unet, scheduler } = this.#checkpoint;
    const count = prompts.length;
    if (seeds.length !== count) throw new RangeError(`${count} prompts, but ${seeds.length} seeds`);
    const guided = guidanceScale > 1;
    const size = pictureSizeOf(this.#checkpoint, options);
    const rowShape = [unet.config.in_channels, size.latentHeight, size.latentWidth];
    const rowSize = rowShape.reduce((product, length) => product * length, 1);
    const { sampler: name, numInferenceSteps } = options;
    const sampler = createSampler(name, scheduler, numInferenceSteps, startImage?.strength);

    // 1. text: the unconditional rows come first
    const conditioning = await this.#condition(options, guided, size);

    // 2. noise, and the latents that it goes over where there is a picture to start from
    const latents = startImage && (await this.#encodeStart(startImage.pixels, size, seeds));

    // 3. denoise
    const start = drawNoise(seeds, rowSize, 'start');
    const rows = conditioning.states.shape[0]!;
    await openUnet(
      this.#denoiserSessions,
      unet,
      this.#tensors.unet,
      { sample: { shape: [rows, ...rowShape] }, timesteps: { shape: [rows] }, ...conditioning },
      this.#tensors.lora?.unet,
    );
    await options.onReady?.(sampler.timesteps.length);
    const sample = await denoise({
      sampler,
      start,
      ...(latents && { latents }),
      rowShape,
      guidanceScale,
      predict: (feeds) =>
        predictNoise(
          this.#denoiserSessions,
          unet,
          this.#tensors.unet,
          { ...feeds, ...conditioning },
          this.#tensors.lora?.unet,
        ),
      noiseOf: (step) => drawNoise(seeds, rowSize, 'step', step),
      ...(signal && { signal }),
      onStep: async (step, totalSteps, cleanEstimate) => {
        await options.onStep?.(step, totalSteps);
        if (step === totalSteps || !options.wantsPreview?.(step, totalSteps)) return;
        const estimate = cleanEstimate(scheduler);
        await options.onPreview?.(await this.#decode(estimate, rowShape, size));
      },
    });

    // 4. decode
    return this.#decode(sample, rowShape, size);
  }

  /** Latents `[rows · c · h · w]` to pictures. */
  async #decode(
    latents: Float32Array,
    rowShape: readonly number[],
    { height, width }: PictureSize,
  ): Promise<Picture[]> {
    const rows = latents.length / rowShape.reduce((product, length) => product * length, 1);
    const shape = [rows, ...rowShape];
    const { vae } = this.#checkpoint;
    const decoded = await decodeLatents(this.#sessions, vae, { data: latents, shape });
    const length = 3 * height * width;
    return Array.from({ length: rows }, (_, i) => ({
      pixels: (decoded.data as Float32Array).slice(i * length, (i + 1) * length),
      height,
      width,
    }));
  }

  /**
   * What the UNet is told beside latents and timestep.
   * @returns one row a prompt; with guidance as many unconditional rows come first
   */
  async #condition(
    { prompts, negativePrompt }: GenerateOptions,
    guided: boolean,
    { height, width }: PictureSize,
  ): Promise<Pick<UnetFeeds, 'states' | 'pooled' | 'timeIds'>> {
    const { forceZerosForEmptyPrompt, unet } = this.#checkpoint;
    const fromZeros = guided && negativePrompt === undefined && forceZerosForEmptyPrompt;
    const negatives = guided && !fromZeros ? prompts.map(() => negativePrompt ?? '') : [];
    const { promptStates, promptPooled } = await encodeIds(
      this.#denoiserSessions,
      this.#checkpoint,
      this.#tensors,
      encodePrompts(this.#tokenizers, [...negatives, ...prompts]),
    );
    const rows = (encoded: Tensor) => (fromZeros ? afterZeros(encoded) : encoded);
    const states = rows(promptStates);
    const frames = Array(states.shape[0]!).fill(wholePicture(height, width));
    return {
      states,
      ...(promptPooled && { pooled: rows(promptPooled) }),
      ...(takesTimeIds(unet.config) && { timeIds: timeIdsOf(frames) }),
    };
  }

  /** One latent a seed, drawn from the picture's posterior. */
  async #encodeStart(
    pixels: Float32Array,
    { height, width }: PictureSize,
    seeds: readonly number[],
  ): Promise<Float32Array> {
    const shape = [1, 3, height, width];
    if (pixels.length !== 3 * height * width) {
      throw new RangeError(`startImage: ${pixels.length} elements cannot fill [${shape.slice(1)}]`);
    }
    const { vae } = this.#checkpoint;
    const { mean, logvar } = await encodePixels(this.#sessions, vae, { data: pixels, shape });
    const [means, logvars] = [mean.data as Float32Array, logvar.data as Float32Array];
    return concatRows(
      seeds.map((seed) =>
        drawLatents(vae.config, means, logvars, drawNoise([seed], means.length, 'posterior')),
      ),
    );
  }

  async close(): Promise<void> {
    for (const sessions of this.#own) await sessions.close();
  }
}

export interface DenoiseOptions {
  sampler: Sampler;
  /** Standard normal, `[rows · c · h · w]`. */
  start: Float32Array;
  /** Clean latents that `start` goes over, same length, times the scaling factor; absent: none. */
  latents?: Float32Array;
  /** `[c, h, w]` */
  rowShape: readonly number[];
  /** Above 1, `predict` is asked for twice the rows: unconditional first, conditional after them. */
  guidanceScale: number;
  predict: (feeds: { sample: Tensor; timesteps: Tensor }) => Promise<Float32Array>;
  /** Standard normal noise of a step, for samplers that need it. */
  noiseOf?: (step: number) => Float32Array;
  signal?: AbortSignal;
  /** @param cleanEstimate gives the clean latents that the step's prediction implies */
  onStep?: (
    step: number,
    totalSteps: number,
    cleanEstimate: (config: SchedulerConfig) => Float32Array,
  ) => void | Promise<void>;
}

/**
 * Walks from noise, or from noised latents, to clean latents.
 * @returns latents `[rows · c · h · w]`, multiplied by the scaling factor
 */
export async function denoise(options: DenoiseOptions): Promise<Float32Array> {
  const { sampler, start, latents, rowShape, guidanceScale, predict, noiseOf, signal, onStep } =
    options;
  const guided = guidanceScale > 1;
  const rows =
    (start.length / rowShape.reduce((product, size) => product * size, 1)) * (guided ? 2 : 1);
  let sample: Float32Array = latents
    ? sampler.addNoise(latents, start)
    : start.map((value) => value * sampler.initNoiseSigma);
  for (const [step, timestep] of sampler.timesteps.entries()) {
    signal?.throwIfAborted();
    const input = sampler.scaleModelInput(sample, step);
    const prediction = await predict({
      sample: { data: guided ? concatRows([input, input]) : input, shape: [rows, ...rowShape] },
      timesteps: { data: new Float32Array(rows).fill(timestep), shape: [rows] },
    });
    const noisePred = guided ? guide(prediction, guidanceScale) : prediction;
    sample = sampler.step(
      noisePred,
      step,
      sample,
      sampler.needsNoise ? noiseOf?.(step) : undefined,
    );
    await onStep?.(step + 1, sampler.timesteps.length, (config) =>
      estimateClean(config, noisePred, input, timestep),
    );
  }
  return sample;
}

/** uncond + s·(cond − uncond); the unconditional half comes first. */
function guide(prediction: Float32Array, scale: number): Float32Array {
  const half = prediction.length / 2;
  const out = new Float32Array(half);
  for (let i = 0; i < half; i++) {
    const unconditional = prediction[i]!;
    out[i] = unconditional + scale * (prediction[half + i]! - unconditional);
  }
  return out;
}

/** Rows of zeros, as many as there are rows, and then these. */
function afterZeros({ data, shape }: Tensor): Tensor {
  const all = new Float32Array(2 * data.length);
  all.set(data, data.length);
  return { data: all, shape: [2 * shape[0]!, ...shape.slice(1)] };
}

function concatRows(rows: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let offset = 0;
  for (const row of rows) {
    out.set(row, offset);
    offset += row.length;
  }
  return out;
}
