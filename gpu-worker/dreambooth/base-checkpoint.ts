/** @file What the rest of the worker may know of a base checkpoint without loading a model. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { checkCheckpoint } from '../diffusion/pipelines/check-checkpoint.ts';
import { loadTokenizers, type PromptTokenizers } from '../diffusion/pipelines/prompts.ts';
import {
  type Checkpoint,
  CheckpointError,
  openCheckpoint,
} from '../diffusion/weights/diffusers-checkpoint.ts';
import { SafetensorsError } from '../diffusion/weights/safetensors.ts';
import { pickIdentifier } from './identifier.ts';
import {
  EngineRequestError,
  type SamplingSettings,
  samplingSettingsSchema,
  type TrainingMethod,
  type TrainingSettings,
  trainingSettingsSchema,
} from './requests.ts';

export interface BaseFacts {
  /** 16 hex digits over the checkpoint's contents. */
  readonly hash: string;
  /** The closed list of nouns that the base knows; absent where any noun will do. */
  readonly classNouns?: readonly string[];
  readonly defaults: {
    /** The method where nobody asks for another. */
    readonly method: TrainingMethod;
    readonly training: Readonly<Record<TrainingMethod, TrainingSettings>>;
    readonly sampling: SamplingSettings;
  };
}

/** A base may bring recommended settings of its own, in this file of its folder. */
const RECOMMENDED_FILE = 'recommended.json';
const recommendedTraining = trainingSettingsSchema.omit({ method: true }).partial().default({});
const recommendedSchema = z.object({
  method: trainingSettingsSchema.shape.method.optional(),
  training: recommendedTraining,
  /** Over `training`, whose learning rates are for whole weights only. */
  lora: recommendedTraining,
  sampling: samplingSettingsSchema.partial().default({}),
});

/** The method of a base that recommends none. */
const DEFAULT_METHOD: TrainingMethod = 'full';

/** For Stable Diffusion 1.x: the paper's rate and λ, 200 class images as the reference script has it. */
export const DEFAULT_TRAINING: Omit<TrainingSettings, 'method'> = {
  rank: 16,
  loraAlpha: 16,
  loraDropout: 0,
  loraTargets: ['attention'],
  maxTrainSteps: 800,
  learningRate: 5e-6,
  lrScheduler: 'constant',
  lrWarmupSteps: 0,
  lrNumCycles: 1,
  lrPower: 1,
  trainTextEncoder: true,
  textEncoderLearningRate: 2e-6,
  textEncoderStopStep: null,
  withPriorPreservation: true,
  priorLossWeight: 1,
  numClassImages: 200,
  snrGamma: null,
  noiseOffset: 0,
  trainBatchSize: 1,
  gradientAccumulationSteps: 1,
  gradientCheckpointing: false,
  checkpointingSteps: 100,
  seed: 0,
};

/** Adapters begin at zero, so they want larger steps than whole weights. */
const LORA_LEARNING_RATES = { learningRate: 1e-4, textEncoderLearningRate: 5e-6 };

const DEFAULT_SAMPLING: SamplingSettings = {
  sampler: 'dpmpp_2m',
  numInferenceSteps: 25,
  guidanceScale: 7.5,
};

/**
 * @throws {EngineRequestError} `BASE_MISSING` as {@link openBase} and {@link openBaseTokenizers}
 */
export function readBaseFacts(baseCheckpointDir: string): BaseFacts {
  const checkpoint = openBase(baseCheckpointDir);
  openBaseTokenizers(checkpoint);
  const recommended = recommendedSchema.parse(
    readOptionalJson(path.join(checkpoint.dir, RECOMMENDED_FILE)) ?? {},
  );
  const training = { ...DEFAULT_TRAINING, ...withoutUndefined(recommended.training) };
  return {
    hash: checkpoint.hash,
    ...(checkpoint.classNouns && { classNouns: checkpoint.classNouns }),
    defaults: {
      method: recommended.method ?? DEFAULT_METHOD,
      training: {
        full: { ...training, method: 'full' },
        lora: {
          ...training,
          ...LORA_LEARNING_RATES,
          ...withoutUndefined(recommended.lora),
          method: 'lora',
        },
      },
      sampling: { ...DEFAULT_SAMPLING, ...withoutUndefined(recommended.sampling) },
    },
  };
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

function readOptionalJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function withoutUndefined<T extends object>(
  values: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
