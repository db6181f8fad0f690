/** @file The kinds of work that `npm run bench` times, each prepared on a checkpoint of any family. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listLoraParameters, packLora } from '#worker/diffusion/lora/adapter.ts';
import { listLoraLayers } from '#worker/diffusion/lora/layers.ts';
import { collectLora, initialLora, trainedLora } from '#worker/diffusion/lora/training.ts';
import { textStatesWidth } from '#worker/diffusion/models/text-conditioning.ts';
import { SessionCache } from '#worker/diffusion/pipelines/session-cache.ts';
import { nativeSize, predictNoise } from '#worker/diffusion/pipelines/sessions.ts';
import { timeIdsOf, wholePicture } from '#worker/diffusion/pipelines/time-ids.ts';
import {
  buildDenoisingLoss,
  type DenoisingShape,
  listDenoiserParameters,
  readCheckpointParameter,
  UNET,
} from '#worker/diffusion/training/denoising-loss.ts';
import { type Checkpoint, openCheckpoint } from '#worker/diffusion/weights/diffusers-checkpoint.ts';
import { BaseKeeper } from '#worker/dreambooth/loaded-base.ts';
import { renderPrompt } from '#worker/dreambooth/render.ts';
import { renderPromptRequestSchema } from '#worker/dreambooth/requests.ts';
import { Trainer } from '#worker/tensor/optim/trainer.ts';
import { Philox } from '#worker/tensor/random/philox.ts';
import type { ExecutionProvider, Tensor } from '#worker/tensor/runtime/session.ts';
import { writeRandomAdapter } from '#worker/testing/random-adapter.ts';

export interface BenchOptions {
  readonly checkpointDir: string;
  readonly method: 'full' | 'lora';
  /** Rows of a step; guided sampling has two a picture. */
  readonly batch: number;
  /** Pixels; absent: the checkpoint's own. */
  readonly resolution: number | undefined;
  readonly gradientCheckpointing: boolean;
  readonly provider: ExecutionProvider;
  readonly graphCacheDir?: string | undefined;
}

/** Work that is ready to be timed. */
export interface Prepared {
  /** Nodes of a training graph. */
  readonly nodes: number | null;
  readonly runOnce: () => Promise<unknown>;
}

const LORA = { rank: 16, alpha: 16, targets: ['attention'], trainTextEncoder: false } as const;

const normals = (seed: number, shape: readonly number[]): Tensor => ({
  data: new Philox(seed).normals(shape.reduce((product, size) => product * size, 1)),
  shape,
});

/** Latents and text states as large as the options ask. */
function shapesOf(checkpoint: Checkpoint, { batch, resolution }: BenchOptions) {
  const { pixels, latent } = nativeSize(checkpoint);
  const side = resolution === undefined ? latent : (resolution * latent) / pixels;
  const { max_position_embeddings } = checkpoint.textEncoder.config;
  return {
    side,
    pixels: resolution ?? pixels,
    latents: [batch, checkpoint.unet.config.in_channels, side, side],
    states: [batch, max_position_embeddings, textStatesWidth(checkpoint)],
  };
}

/** What SDXL's UNet is told beside the states of the text. */
function additionOf({ textEncoder2 }: Checkpoint, batch: number, pixels: number) {
  if (!textEncoder2) return undefined;
  return {
    pooled: normals(4, [batch, textEncoder2.config.projection_dim]),
    timeIds: timeIdsOf(Array(batch).fill(wholePicture(pixels, pixels))),
  };
}

/** Forward, backward and AdamW of the UNet, or of adapters beside its attention. */
async function prepareTraining(options: BenchOptions): Promise<Prepared> {
  const { batch, provider, method } = options;
  const checkpoint = openCheckpoint(options.checkpointDir);
  const shapes = shapesOf(checkpoint, options);
  const shape: DenoisingShape = {
    rows: batch,
    latentHeight: shapes.side,
    latentWidth: shapes.side,
    prompts: batch,
    tokens: shapes.states[1]!,
    trainTextEncoder: false,
    gradientCheckpointing: options.gradientCheckpointing,
  };
  const layers = listLoraLayers(checkpoint, LORA);
  const full = listDenoiserParameters(checkpoint, false);
  const specs = new Map(full.map((spec) => [spec.name, spec]));
  const trainer = await Trainer.create({
    provider,
    graphCacheDir: options.graphCacheDir,
    ...(method === 'lora'
      ? {
          parameters: listLoraParameters(layers),
          initial: initialLora(layers, 1),
          build: (graph, weights) =>
            buildDenoisingLoss(
              graph,
              trainedLora(graph, checkpoint, layers, weights),
              checkpoint,
              shape,
            ),
        }
      : {
          parameters: full,
          initial: (name) => readCheckpointParameter(checkpoint, specs.get(name)!),
          build: (graph, weights) => buildDenoisingLoss(graph, weights, checkpoint, shape),
        }),
  });
  const addition = additionOf(checkpoint, batch, shapes.pixels);
  const feeds = {
    noisyLatents: normals(1, shapes.latents),
    target: normals(2, shapes.latents),
    timesteps: { data: new Int32Array(batch).fill(500), shape: [batch] },
    rowWeights: { data: new Float32Array(batch).fill(1 / batch), shape: [batch] },
    rowPrompts: { data: Int32Array.from({ length: batch }, (_, i) => i), shape: [batch] },
    promptStates: normals(3, shapes.states),
    ...(addition && { promptPooled: addition.pooled, timeIds: addition.timeIds }),
  };
  return { nodes: trainer.nodeCount, runOnce: () => trainer.step(feeds, { [UNET]: 1e-6 }) };
}

/** One prediction of the UNet, of the base or with an adapter beside it. */
async function prepareSampling(options: BenchOptions): Promise<Prepared> {
  const checkpoint = openCheckpoint(options.checkpointDir);
  const shapes = shapesOf(checkpoint, options);
  const cache = new SessionCache({ provider: options.provider });
  const feeds = {
    sample: normals(1, shapes.latents),
    timesteps: { data: new Float32Array(options.batch).fill(500), shape: [options.batch] },
    states: normals(3, shapes.states),
    ...additionOf(checkpoint, options.batch, shapes.pixels),
  };
  const layers = listLoraLayers(checkpoint, LORA);
  const adapter = collectLora(layers, initialLora(layers, 1));
  const lora = options.method === 'lora' ? packLora(adapter).unet : undefined;
  const { unet } = checkpoint;
  return {
    nodes: null,
    runOnce: () => predictNoise(cache, unet, unet.tensors, feeds, lora),
  };
}

/**
 * Two subjects by turns on a base that stays loaded, as the engine renders them: from the request until
 * the first step could run. The adapter is read, the prompts are encoded with it, noise is drawn.
 */
async function prepareSwitch(options: BenchOptions): Promise<Prepared> {
  const { batch, resolution, provider } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'rendition-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  const baseCheckpointDir = path.resolve(options.checkpointDir);
  const artifactFiles = [1, 2].map((seed) =>
    writeRandomAdapter(
      path.join(folder, `${seed}.safetensors`),
      baseCheckpointDir,
      seed,
      LORA.rank,
    ),
  );
  const keeper = new BaseKeeper();
  let turn = 0;
  return {
    nodes: null,
    runOnce: async () => {
      const stop = new AbortController();
      // The first request makes its pictures, so that everything has run once.
      const isFirst = turn === 0;
      const context = {
        signal: stop.signal,
        now: () => performance.now(),
        onProgress: () => {
          if (!isFirst) stop.abort();
        },
      };
      const request = renderPromptRequestSchema.parse({
        kind: 'render-prompt',
        baseCheckpointDir,
        artifactFile: artifactFiles[turn++ % artifactFiles.length],
        prompt: 'a zwx cat',
        width: resolution,
        height: resolution,
        seed: 1,
        count: Math.max(1, Math.floor(batch / 2)),
        outputDir: folder,
        sampling: { sampler: 'ddim', numInferenceSteps: 1, guidanceScale: 3 },
        provider,
      });
      try {
        await renderPrompt(request, context, keeper);
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      }
    },
  };
}

/** From the folder to the first prediction. */
async function prepareLoad(options: BenchOptions): Promise<Prepared> {
  return {
    nodes: null,
    runOnce: async () => (await prepareSampling(options)).runOnce(),
  };
}

export const WORK = {
  train: prepareTraining,
  sample: prepareSampling,
  load: prepareLoad,
  'adapter-switch': prepareSwitch,
} as const satisfies Record<string, (options: BenchOptions) => Promise<Prepared>>;
