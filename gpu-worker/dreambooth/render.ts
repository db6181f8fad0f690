/** @file Renders prompts with a base checkpoint and, maybe, a subject's artifact over it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pixelsToPng } from '../diffusion/images/pixels.ts';
import { type PictureSize, pictureSizeOf } from '../diffusion/pipelines/picture-size.ts';
import type { PromptTokenizers } from '../diffusion/pipelines/prompts.ts';
import type { SessionCache } from '../diffusion/pipelines/session-cache.ts';
import { type GenerateOptions, TextToImagePipeline } from '../diffusion/pipelines/text-to-image.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { SafetensorsError } from '../diffusion/weights/safetensors.ts';
import { requireSampler } from './base-checkpoint.ts';
import { pauseBetweenSteps } from './between-steps.ts';
import { readPicture } from './dataset.ts';
import { BaseKeeper, type LoadedBase } from './loaded-base.ts';
import { createPreviews } from './previews.ts';
import { requirePromptFits } from './prompts.ts';
import {
  EngineRequestError,
  type LoopContext,
  type RenderPromptRequest,
  type RenderPromptResult,
  type SamplingSettings,
} from './requests.ts';

/**
 * Renders one prompt `count` times with consecutive seeds.
 * @param keeper whose base and sessions are used, and left open; absent: everything is closed at the end
 * @throws {EngineRequestError} for what a retry cannot help
 */
export async function renderPrompt(
  request: RenderPromptRequest,
  context: LoopContext,
  keeper?: BaseKeeper,
): Promise<RenderPromptResult> {
  if (keeper)
    return renderOn(
      await keeper.open(request.baseCheckpointDir, request.provider),
      request,
      context,
    );
  const own = new BaseKeeper();
  try {
    return await renderPrompt(request, context, own);
  } finally {
    await own.close();
  }
}

async function renderOn(
  { checkpoint, tokenizers, sessions }: LoadedBase,
  request: RenderPromptRequest,
  context: LoopContext,
): Promise<RenderPromptResult> {
  const { prompt, negativePrompt, startImage, count, seed, outputDir } = request;
  const { artifactFile, otherArtifactFile, previewEveryMs, sampling, provider } = request;
  requirePromptFits(tokenizers, prompt);
  if (negativePrompt !== undefined) requirePromptFits(tokenizers, negativePrompt);
  const { height, width } = requireSettings(checkpoint, request);
  const pictureFiles = await renderBatch(
    checkpoint,
    tokenizers,
    {
      provider,
      sessions,
      sampling,
      outputDir,
      prompts: Array<string>(count).fill(prompt),
      seeds: Array.from({ length: count }, (_, i) => seed + i),
      picture: {
        negativePrompt,
        height,
        width,
        startImage: startImage && {
          pixels: (await readPicture(startImage.file, { height, width })).pixels,
          strength: startImage.strength,
        },
      },
      ...(artifactFile !== undefined && { artifactFile }),
      ...(otherArtifactFile !== undefined && { otherArtifactFile }),
      ...(previewEveryMs !== undefined && { previewEveryMs }),
    },
    context,
  );
  return { pictureFiles };
}

/** @throws {EngineRequestError} `SETTINGS_UNSUPPORTED`, before any work is done */
function requireSettings(checkpoint: Checkpoint, request: RenderPromptRequest): PictureSize {
  requireSampler(checkpoint, request.sampling, request.startImage?.strength);
  try {
    return pictureSizeOf(checkpoint, request);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EngineRequestError('SETTINGS_UNSUPPORTED', error.message, { reason: error.message });
  }
}

/** Largest batch: more pictures are made one batch after the other. */
const BATCH = 4;

/** What {@link renderBatch} is asked for. */
interface RenderBatchOptions {
  provider: RenderPromptRequest['provider'];
  /** The base's, which stay open. */
  sessions?: SessionCache;
  sampling: SamplingSettings;
  artifactFile?: string;
  /** A second subject's adapter. */
  otherArtifactFile?: string;
  /** Absent: no previews. */
  previewEveryMs?: number;
  outputDir: string;
  prompts: readonly string[];
  /** One a prompt. */
  seeds: readonly number[];
  picture?: Pick<GenerateOptions, 'negativePrompt' | 'height' | 'width' | 'startImage'>;
}

/** Renders one picture a prompt, and writes `<outputDir>/0.png …` */
export async function renderBatch(
  checkpoint: Checkpoint,
  tokenizers: PromptTokenizers,
  options: RenderBatchOptions,
  context: LoopContext,
): Promise<string[]> {
  const { provider, sessions, artifactFile, otherArtifactFile } = options;
  mkdirSync(options.outputDir, { recursive: true });
  const pipeline = openPipeline(checkpoint, tokenizers, {
    provider,
    ...(sessions && { sessions }),
    ...(artifactFile !== undefined && { artifactFile }),
    ...(otherArtifactFile !== undefined && { otherArtifactFile }),
  });
  try {
    return await drawPictures(pipeline, options, context);
  } finally {
    await pipeline.close();
  }
}

async function drawPictures(
  pipeline: TextToImagePipeline,
  { sampling, outputDir, prompts, seeds, picture, previewEveryMs }: RenderBatchOptions,
  context: LoopContext,
): Promise<string[]> {
  const { signal, onProgress, now } = context;
  const files: string[] = [];
  const startedAt = now();
  const previews = createPreviews({ outputDir, everyMs: previewEveryMs, now });
  const batches = Math.ceil(prompts.length / BATCH);
  for (let batch = 0; batch < batches; batch++) {
    const rowsOf = <T>(all: readonly T[]) => all.slice(batch * BATCH, (batch + 1) * BATCH);
    const report = async (step: number, stepsOfBatch: number) => {
      const done = batch * stepsOfBatch + step;
      const totalSteps = batches * stepsOfBatch;
      const secondsLeft = ((now() - startedAt) / 1000 / done) * (totalSteps - done);
      const previewFile = previews.takeFile();
      onProgress({
        stage: 'sampling',
        step: done,
        totalSteps,
        ...(done > 0 && { secondsLeft }),
        ...(previewFile !== undefined && { previewFile }),
      });
      await pauseBetweenSteps(context);
    };
    const pictures = await pipeline.generate({
      ...sampling,
      ...picture,
      prompts: rowsOf(prompts),
      seeds: rowsOf(seeds),
      signal,
      onReady: (stepsOfBatch) => report(0, stepsOfBatch),
      onStep: report,
      wantsPreview: previews.isDue,
      onPreview: previews.write,
    });
    for (const { pixels, height, width } of pictures) {
      const file = path.join(outputDir, `${files.length}.png`);
      writeFileSync(file, await pixelsToPng(pixels, height, width));
      files.push(file);
    }
  }
  return files;
}

function openPipeline(
  ...parameters: ConstructorParameters<typeof TextToImagePipeline>
): TextToImagePipeline {
  try {
    return new TextToImagePipeline(...parameters);
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    throw new EngineRequestError('ARTIFACT_UNREADABLE', error.message);
  }
}
