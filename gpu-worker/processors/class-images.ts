/** @file Class images: one folder a set, shared by all users, filled by one training at a time. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureClassImageSet, growClassImageSet } from '#db/queries/class-image-sets.ts';
import {
  classImageFile,
  FIRST_CLASS_IMAGE_SEED,
  type SamplingSettings,
} from '../dreambooth/requests.ts';
import type { ProcessorContext } from './context.ts';

/** A set's place on disk. */
export interface ClassImageFolder {
  readonly setId: string;
  readonly dir: string;
  /** @returns the files of the first images of the set, whether or not they exist yet */
  files(count: number): string[];
  /** Whether the first images of the set exist. */
  has(count: number): boolean;
}

/** Finds the set that fits the base, the noun and the sampling settings. */
export async function openClassImages(
  { database, base, config }: Pick<ProcessorContext, 'database' | 'base' | 'config'>,
  classNoun: string,
  sampling: SamplingSettings,
): Promise<ClassImageFolder> {
  const set = await ensureClassImageSet(database.db, {
    checkpointHash: base.hash,
    classNoun,
    sampler: sampling.sampler,
    steps: sampling.numInferenceSteps,
    guidance: sampling.guidanceScale,
    size: base.size,
    seed: FIRST_CLASS_IMAGE_SEED,
  });
  const dir = path.join(config.workDir, 'class-images', set.id);
  const files = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => path.join(dir, classImageFile(i)));
  return {
    setId: set.id,
    dir,
    files,
    has: (count) => files(count).every((file) => existsSync(file)),
  };
}

/**
 * Runs work that begins with filling the set, alone where images are missing.
 *
 * @param work calls `filled` when the images are there, so that the next may begin
 * @throws the signal's reason, when it aborts while another fills the set
 */
export async function fillingClassImages<T>(
  { database, logger }: Pick<ProcessorContext, 'database' | 'logger'>,
  folder: ClassImageFolder,
  count: number,
  signal: AbortSignal,
  work: (filled: () => void) => Promise<T>,
): Promise<T> {
  if (folder.has(count)) return work(() => undefined);
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    const holdLock = async (): Promise<void> => {
      signal.removeEventListener('abort', giveUp);
      if (signal.aborted) return;
      await new Promise<void>((filled) => {
        work(filled).then(resolve, reject).finally(filled);
      });
      if (folder.has(count)) await growClassImageSet(database.db, folder.setId, count);
    };
    database.withLock(`class-images:${folder.setId}`, holdLock).catch((error) => {
      // Lost with its connection: at worst two fill the set, with the same images.
      logger.warn({ err: error }, 'class images: lock');
      reject(error);
    });
  });
}
