/** @file A training's settings: what the row says over what the base recommends, and the prompts of its samples. */
import type { TrainSettings } from '#db/jobs/train-subject.ts';
import type { BaseFacts } from '../dreambooth/base-checkpoint.ts';
import type { TrainingSettings } from '../dreambooth/requests.ts';

/** Merges; the names of the contract become those of the reference script. */
export function mergeTrainingSettings(
  base: Pick<BaseFacts['defaults'], 'method' | 'training'>,
  row: TrainSettings,
): TrainingSettings {
  const defaults = base.training[row.method ?? base.method];
  const learningRate = row.lr ?? defaults.learningRate;
  const numClassImages = row.numClassImages ?? defaults.numClassImages;
  return {
    ...defaults,
    maxTrainSteps: row.maxTrainSteps ?? defaults.maxTrainSteps,
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
  };
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

/** Pictures of the plain class, before and after, that a training shows beside its samples. */
export function classPromptsOf(row: TrainSettings, classNoun: string): string[] {
  return Array<string>(row.numClassSamples ?? 4).fill(`a ${classNoun}`);
}
