/** @file What the rest of the worker may know of a base checkpoint without loading a model. */
import { checkCheckpoint } from '../diffusion/pipelines/check-checkpoint.ts';
import { loadTokenizers, type PromptTokenizers } from '../diffusion/pipelines/prompts.ts';
import { createSampler } from '../diffusion/schedulers/create-sampler.ts';
import {
  type Checkpoint,
  CheckpointError,
  openCheckpoint,
} from '../diffusion/weights/diffusers-checkpoint.ts';
import { SafetensorsError } from '../diffusion/weights/safetensors.ts';
import { type DefaultSettings, readDefaultSettings } from './default-settings.ts';
import { pickIdentifier } from './identifier.ts';
import { EngineRequestError, type SamplingSettings } from './requests.ts';

export interface BaseFacts {
  /** 16 hex digits over the checkpoint's contents. */
  readonly hash: string;
  /** The closed list of nouns that the base knows; absent where any noun will do. */
  readonly classNouns?: readonly string[];
  readonly defaults: DefaultSettings;
}

/**
 * @throws {EngineRequestError} `BASE_MISSING` as {@link openBase} and {@link openBaseTokenizers},
 *   `SETTINGS_UNSUPPORTED` as {@link readDefaultSettings} and {@link requireSampler}
 */
export function readBaseFacts(baseCheckpointDir: string): BaseFacts {
  const checkpoint = openBase(baseCheckpointDir);
  openBaseTokenizers(checkpoint);
  const defaults = readDefaultSettings(checkpoint.dir);
  requireSampler(checkpoint, defaults.sampling);
  return {
    hash: checkpoint.hash,
    ...(checkpoint.classNouns && { classNouns: checkpoint.classNouns }),
    defaults,
  };
}

/**
 * @param strength of the picture to start from
 * @throws {EngineRequestError} `SETTINGS_UNSUPPORTED` when the base's schedule does not go with the sampler
 */
export function requireSampler(
  { scheduler }: Checkpoint,
  { sampler, numInferenceSteps }: SamplingSettings,
  strength?: number,
): void {
  try {
    createSampler(sampler, scheduler, numInferenceSteps, strength);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EngineRequestError('SETTINGS_UNSUPPORTED', error.message, { reason: error.message });
  }
}

/**
 * Opens a base checkpoint and checks that everything is there and fits; reads no weights.
 * @throws {EngineRequestError} `BASE_MISSING` when the folder is not a checkpoint, or a file of it is
 *   damaged or belongs to another model
 */
export const openBase = (baseCheckpointDir: string): Checkpoint =>
  refusingBase(() => {
    const checkpoint = openCheckpoint(baseCheckpointDir);
    checkCheckpoint(checkpoint);
    return checkpoint;
  });

/** @throws {EngineRequestError} `BASE_MISSING` naming the tokenizer that the checkpoint lacks */
export const openBaseTokenizers = (checkpoint: Checkpoint): PromptTokenizers =>
  refusingBase(() => loadTokenizers(checkpoint));

function refusingBase<T>(open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof CheckpointError || cause instanceof SafetensorsError)) throw cause;
    throw new EngineRequestError('BASE_MISSING', cause.message);
  }
}

/**
 * Picks a rare token of the base's vocabularies.
 * @param taken identifiers that the user's other subjects hold
 */
export function chooseIdentifier(
  baseCheckpointDir: string,
  taken: ReadonlySet<string>,
  seed: number,
): string {
  return pickIdentifier(openBaseTokenizers(openBase(baseCheckpointDir)), { taken, seed });
}

/** The known nouns that are spelled most like `noun`, nearest first. */
export function nearestClassNouns(noun: string, known: readonly string[], count: number): string[] {
  return [...known]
    .map((candidate) => ({ candidate, distance: editDistance(noun.toLowerCase(), candidate) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
