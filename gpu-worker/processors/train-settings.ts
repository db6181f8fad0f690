/** @file A training's settings: what the row says over what the base recommends, and the prompts of its samples. */
import type { TrainSettings } from '#db/jobs/train-subject.ts';
import type { BaseFacts } from '../dreambooth/base-checkpoint.ts';
import {
  explainIssues,
  type TrainingSettings,
  trainingSettingsSchema,
} from '../dreambooth/requests.ts';
import { JobFailure } from './failures.ts';

/**
 * Merges; the names of the contract become those of the reference script.
 * @throws {JobFailure} `SETTINGS_UNSUPPORTED` naming the setting that is out of its range
 */
export function mergeTrainingSettings(
  base: Pick<BaseFacts['defaults'], 'method' | 'training'>,
  row: TrainSettings,
): TrainingSettings {
  const defaults = base.training[row.method ?? base.method];
  const learningRate = row.lr ?? defaults.learningRate;
  const numClassImages = row.numClassImages ?? defaults.numClassImages;
  const maxTrainSteps = row.maxTrainSteps ?? defaults.maxTrainSteps;
  // A longer or shorter training warms up and stops its text encoder at the same share of its steps.
  const scaled = (steps: number) => Math.round((steps * maxTrainSteps) / defaults.maxTrainSteps);
  return requireInRange({
    ...defaults,
    maxTrainSteps,
    lrWarmupSteps: scaled(defaults.lrWarmupSteps),
    textEncoderStopStep:
      defaults.textEncoderStopStep === null
        ? null
        : Math.max(1, scaled(defaults.textEncoderStopStep)),
    learningRate,
    // One rate is asked for; the base knows how the two relate.
    textEncoderLearningRate:
      (learningRate * defaults.textEncoderLearningRate) / defaults.learningRate,
    trainTextEncoder: row.trainTextEncoder ?? defaults.trainTextEncoder,
    ...(row.rank !== undefined && {
      rank: row.rank,
      // The adapter's scale stays what the base recommends.
      loraAlpha: (row.rank * defaults.loraAlpha) / defaults.rank,
    }),
    withPriorPreservation: defaults.withPriorPreservation && numClassImages > 0,
    priorLossWeight: row.priorLossWeight ?? defaults.priorLossWeight,
    numClassImages: Math.max(1, numClassImages),
    seed: row.seed,
  });
}

function requireInRange(settings: TrainingSettings): TrainingSettings {
  const parsed = trainingSettingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new JobFailure('SETTINGS_UNSUPPORTED', { reason: explainIssues(parsed.error) });
}

const DEFAULT_SAMPLE_PROMPTS = [
  'a [V]',
  'a [V] on the beach',
  'a [V] in the snow',
  'a [V] in the jungle',
];

/** @returns prompts with the identifier and the class noun in place of each `[V]` */
export function samplePromptsOf(
  row: TrainSettings,
  words: { identifier: string; classNoun: string },
): string[] {
  const subject = `${words.identifier} ${words.classNoun}`;
  return (row.samplePrompts ?? DEFAULT_SAMPLE_PROMPTS).map((prompt) =>
    prompt.replaceAll(`[V] ${words.classNoun}`, '[V]').replaceAll('[V]', subject),
  );
}
