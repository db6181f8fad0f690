/** @file Class images: what the frozen base itself makes of "a [class]", made once and kept. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pixelsToPng } from '../diffusion/images/pixels.ts';
import type { TextToImagePipeline } from '../diffusion/pipelines/text-to-image.ts';
import { pauseBetweenSteps } from './between-steps.ts';
import { classPromptOf } from './prompts.ts';
import {
  classImageFile,
  FIRST_CLASS_IMAGE_SEED,
  type LoopContext,
  type SamplingSettings,
} from './requests.ts';

/** Pictures made in one batch. */
const BATCH = 8;

const fileOf = (dir: string, index: number): string => path.join(dir, classImageFile(index));

/**
 * Makes the images that are missing from a folder. Images are only ever added.
 * @param dir belongs to one (base, class noun, sampling settings)
 * @returns the files of the first `count` images, and how many had to be made
 */
export async function ensureClassImages(
  pipeline: TextToImagePipeline,
  options: { dir: string; classNoun: string; count: number; sampling: SamplingSettings },
  context: LoopContext,
): Promise<{ files: string[]; made: number }> {
  const { dir, classNoun, count, sampling } = options;
  const { signal, onProgress, now } = context;
  mkdirSync(dir, { recursive: true });
  const files = Array.from({ length: count }, (_, i) => fileOf(dir, i));
  const missing = files.flatMap((file, i) => (existsSync(file) ? [] : [i]));
  const startedAt = now();
  for (let start = 0; start < missing.length; start += BATCH) {
    const batch = missing.slice(start, start + BATCH);
    const pictures = await pipeline.generate({
      ...sampling,
      prompts: batch.map(() => classPromptOf(classNoun)),
      seeds: batch.map((i) => FIRST_CLASS_IMAGE_SEED + i),
      signal,
      onStep: () => pauseBetweenSteps(context),
    });
    for (const [row, { pixels, height, width }] of pictures.entries()) {
      const file = fileOf(dir, batch[row]!);
      // Another process may be at the same picture: each has a file of its own until it is whole.
      const part = `${file}.${process.pid}.part`;
      writeFileSync(part, await pixelsToPng(pixels, height, width));
      renameSync(part, file);
    }
    const done = start + batch.length;
    onProgress({
      stage: 'class images',
      step: count - missing.length + done,
      totalSteps: count,
      secondsLeft: ((now() - startedAt) / 1000 / done) * (missing.length - done),
    });
  }
  return { files, made: missing.length };
}
