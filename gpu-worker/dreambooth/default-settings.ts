/** @file What a training and its pictures are set to where nobody says otherwise: ours, under what a base recommends. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { requireLearningRates } from './learning-rates.ts';
import {
  EngineRequestError,
  explainIssues,
  type SamplingSettings,
  samplingSettingsSchema,
  type TrainingMethod,
  type TrainingSettings,
  trainingSettingsSchema,
} from './requests.ts';

export interface DefaultSettings {
  /** The method where nobody asks for another. */
  readonly method: TrainingMethod;
  readonly training: Readonly<Record<TrainingMethod, TrainingSettings>>;
  readonly sampling: SamplingSettings;
}

/** A base may bring recommended settings of its own, in this file of its folder. */
const RECOMMENDED_FILE = 'recommended.json';
const recommendedTraining = trainingSettingsSchema
  .omit({ method: true })
  .partial()
  .strict()
  .default({});
const recommendedSchema = z.strictObject({
  method: trainingSettingsSchema.shape.method.optional(),
  training: recommendedTraining,
  /** Over `training`, whose learning rates are for whole weights only. */
  lora: recommendedTraining,
  sampling: samplingSettingsSchema.partial().strict().default({}),
});

/** The method of a base that recommends none. */
export const DEFAULT_METHOD: TrainingMethod = 'lora';

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
export const LORA_LEARNING_RATES = { learningRate: 1e-4, textEncoderLearningRate: 5e-6 };

const DEFAULT_SAMPLING: SamplingSettings = {
  sampler: 'dpmpp_2m',
  numInferenceSteps: 25,
  guidanceScale: 7.5,
};

/**
 * Settings for a base.
 *
 * @param dir the base's folder, with or without recommendations in it
 * @throws {EngineRequestError} `SETTINGS_UNSUPPORTED` naming the recommendation that cannot be followed
 */
export function readDefaultSettings(dir: string): DefaultSettings {
  const recommended = readRecommended(path.join(dir, RECOMMENDED_FILE));
  const common = { ...DEFAULT_TRAINING, ...withoutUndefined(recommended.training) };
  const training = {
    full: { ...common, method: 'full' },
    lora: {
      ...common,
      ...LORA_LEARNING_RATES,
      ...withoutUndefined(recommended.lora),
      method: 'lora',
    },
  } as const;
  for (const settings of Object.values(training)) requireLearningRates(settings);
  return {
    method: recommended.method ?? DEFAULT_METHOD,
    training,
    sampling: { ...DEFAULT_SAMPLING, ...withoutUndefined(recommended.sampling) },
  };
}

function readRecommended(file: string): z.infer<typeof recommendedSchema> {
  const refuse = (reason: string): never => {
    const message = `${RECOMMENDED_FILE}: ${reason}`;
    throw new EngineRequestError('SETTINGS_UNSUPPORTED', message, { reason: message });
  };
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return refuse(error.message);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    content = {};
  }
  const parsed = recommendedSchema.safeParse(content);
  return parsed.success ? parsed.data : refuse(explainIssues(parsed.error));
}

function withoutUndefined<T extends object>(
  values: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
