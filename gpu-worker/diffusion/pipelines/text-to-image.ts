/** @file The sampling loop: prompts and seeds in, pixels out, with classifier-free guidance. */
import { Philox } from '../../tensor/random/philox.ts';
import { createSampler, type SamplerName } from '../schedulers/create-sampler.ts';
import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.ts';
import type { Checkpoint } from '../weights/diffusers-checkpoint.ts';
import { type DenoiserTensors, selectTensors } from './checkpoint-weights.ts';
import {
  decodeLatents,
  encodeIds,
  encodePrompts,
  nativeSize,
  predictNoise,
  type RuntimeOptions,
  SessionCache,
} from './sessions.ts';

export interface GenerateOptions {
  /** One prompt a picture. */
  prompts: readonly string[];
  /** One seed a picture: a picture does not depend on its neighbours in the batch. */
  seeds: readonly number[];
  negativePrompt?: string;
  sampler: SamplerName;
  numInferenceSteps: number;
  /** 1 or less: no guidance, and half the work. */
  guidanceScale: number;
  signal?: AbortSignal;
  /** Called after each step; awaiting it lets the process answer in between. */
  onStep?: (step: number, totalSteps: number) => void | Promise<void>;
}

export interface Picture {
  /** float32 `[3, height, width]`, about [−1, 1] */
  readonly pixels: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** Names the purpose of a stream of random numbers. */
const STREAM = { start: 1, step: 2 } as const;

/** A checkpoint (with an artifact over it, maybe) that is ready to make pictures. */
export class TextToImagePipeline {
  readonly #checkpoint: Checkpoint;
  readonly #tensors: DenoiserTensors;
  readonly #tokenizer: ClipTokenizer;
  readonly #cache: SessionCache;

  constructor(
    checkpoint: Checkpoint,
    tokenizer: ClipTokenizer,
    options: RuntimeOptions & { artifactFile?: string } = {},
  ) {
    this.#checkpoint = checkpoint;
    this.#tokenizer = tokenizer;
    this.#tensors = selectTensors(checkpoint, options.artifactFile);
    this.#cache = new SessionCache(options);
  }

  /**
   * Makes one batch of pictures.
   * @throws `signal.reason` between two steps once it is aborted
   * @see Ho & Salimans 2022, eq. 6, https://arxiv.org/abs/2207.12598
   */
  async generate(options: GenerateOptions): Promise<Picture[]> {
    const { prompts, seeds, negativePrompt = '', guidanceScale, signal } = options;
    const { unet, vae, scheduler } = this.#checkpoint;
    const count = prompts.length;
    if (seeds.length !== count) throw new RangeError(`${count} prompts, but ${seeds.length} seeds`);
    const guided = guidanceScale > 1;
    const { latent, pixels } = nativeSize(this.#checkpoint);
    const rowShape = [unet.config.in_channels, latent, latent];
    const rowSize = rowShape.reduce((product, size) => product * size, 1);

    // 1. text: the unconditional rows come first
    const texts = guided ? [...prompts.map(() => negativePrompt), ...prompts] : prompts;
    const ids = encodePrompts(this.#tokenizer, texts);
    const states = await encodeIds(
      this.#cache,
      this.#checkpoint.textEncoder,
      this.#tensors.textEncoder,
      ids,
    );

    // 2. noise
    const sampler = createSampler(options.sampler, scheduler, options.numInferenceSteps);
    const totalSteps = sampler.timesteps.length;
    const perRow = (make: (seed: number) => Float32Array) => concatRows(seeds.map(make));
    let sample: Float32Array = perRow((seed) =>
      new Philox(seed, STREAM.start).normals(rowSize),
    ).map((value) => value * sampler.initNoiseSigma);

    // 3. denoise
    for (const [step, timestep] of sampler.timesteps.entries()) {
      signal?.throwIfAborted();
      const input = sampler.scaleModelInput(sample, step);
      const rows = guided ? 2 * count : count;
      const prediction = await predictNoise(this.#cache, unet, this.#tensors.unet, {
        sample: { data: guided ? concatRows([input, input]) : input, shape: [rows, ...rowShape] },
        timesteps: { data: new Float32Array(rows).fill(timestep), shape: [rows] },
        states,
      });
      const noisePred = guided ? guide(prediction, guidanceScale) : prediction;
      const noise = sampler.needsNoise
        ? perRow((seed) => new Philox(seed, STREAM.step, step).normals(rowSize))
        : undefined;
      sample = sampler.step(noisePred, step, sample, noise);
      await options.onStep?.(step + 1, totalSteps);
    }

    // 4. decode
    const decoded = await decodeLatents(this.#cache, vae, {
      data: sample,
      shape: [count, ...rowShape],
    });
    const pictureSize = 3 * pixels * pixels;
    return seeds.map((_, i) => ({
      pixels: (decoded.data as Float32Array).slice(i * pictureSize, (i + 1) * pictureSize),
      height: pixels,
      width: pixels,
    }));
  }

  async close(): Promise<void> {
    await this.#cache.close();
  }
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

function concatRows(rows: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let offset = 0;
  for (const row of rows) {
    out.set(row, offset);
    offset += row.length;
  }
  return out;
}
