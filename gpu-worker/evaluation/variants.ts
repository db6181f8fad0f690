/** @file What is compared: DreamBooth as recommended, its parts taken away one by one, and its peers. */
import type { TrainingMethod, TrainingSettings } from '../dreambooth/requests.ts';
import { CLASSES } from '../pocket/world/scene.ts';

/** Parts of the paper's tables. */
export const PAPER_ABLATIONS = ['prior', 'class-noun', 'images', 'steps', 'method'] as const;
/** `settings`: each recommended setting lower and higher, to find out what to recommend. */
export const ABLATIONS = [...PAPER_ABLATIONS, 'settings'] as const;
export type Ablation = (typeof ABLATIONS)[number];

/** Which noun stands beside the identifier. */
export type Noun = 'right' | 'wrong' | 'none';

export interface Variant {
  /** Unique; also its folder's name. */
  readonly id: string;
  readonly label: string;
  readonly ablation?: Ablation;
  /** `world`: nobody learns, the world draws what is asked for. */
  readonly learner: 'dreambooth' | 'base' | 'textual-inversion' | 'world';
  /** Over what the base recommends. */
  readonly settings?: (recommended: TrainingSettings) => Partial<TrainingSettings>;
  readonly method?: TrainingMethod;
  /** How many of the subject's photos; all where absent. */
  readonly photos?: number;
  readonly noun?: Noun;
  /** Place on the axis of a curve. */
  readonly amount?: number;
}

export const DREAMBOOTH: Variant = { id: 'dreambooth', label: 'DreamBooth', learner: 'dreambooth' };

/** What the best of all trainings would reach, where the world draws the subject. */
const WORLD: Variant = { id: 'world', label: 'as the world draws it', learner: 'world' };

const FEWER_PHOTOS = [1, 2, 3, 4] as const;
const STEP_FACTORS = [0.25, 0.5, 2] as const;

type Change = (recommended: TrainingSettings) => Partial<TrainingSettings>;
const ratesTimes =
  (factor: number): Change =>
  ({ learningRate, textEncoderLearningRate }) => ({
    learningRate: factor * learningRate,
    textEncoderLearningRate: factor * textEncoderLearningRate,
  });
/** By what the report calls it; the folder's name is made of it. */
const SETTINGS: Readonly<Record<string, Change>> = {
  'half the rates': ratesTimes(0.5),
  'twice the rates': ratesTimes(2),
  'λ = 0.5': () => ({ priorLossWeight: 0.5 }),
  'λ = 2': () => ({ priorLossWeight: 2 }),
  'a quarter of the class images': ({ numClassImages }) => ({
    numClassImages: Math.ceil(numClassImages / 4),
  }),
  'a quarter of the rank': ({ rank, loraAlpha }) => ({
    rank: Math.ceil(rank / 4),
    loraAlpha: loraAlpha / 4,
  }),
  'frozen text encoder': () => ({ trainTextEncoder: false }),
};

/** @param recommended method of the base: the other one is compared with it */
const variantsOf = (ablation: Ablation, recommended: TrainingMethod): Variant[] => {
  switch (ablation) {
    case 'prior':
      return [
        {
          id: 'without-prior',
          label: 'without prior preservation (λ = 0)',
          ablation,
          learner: 'dreambooth',
          settings: () => ({ withPriorPreservation: false }),
        },
      ];
    case 'class-noun':
      return [
        { id: 'no-noun', label: 'no class noun', ablation, learner: 'dreambooth', noun: 'none' },
        {
          id: 'wrong-noun',
          label: 'wrong class noun',
          ablation,
          learner: 'dreambooth',
          noun: 'wrong',
        },
      ];
    case 'images':
      return FEWER_PHOTOS.map((photos) => ({
        id: `photos-${photos}`,
        label: photos === 1 ? '1 photo' : `${photos} photos`,
        ablation,
        learner: 'dreambooth',
        photos,
        amount: photos,
      }));
    case 'steps':
      return STEP_FACTORS.map((factor) => ({
        id: `steps-x${factor}`,
        label: `${factor} × the steps`,
        ablation,
        learner: 'dreambooth',
        settings: ({ maxTrainSteps }) => ({
          maxTrainSteps: Math.max(1, Math.round(factor * maxTrainSteps)),
        }),
        amount: factor,
      }));
    case 'settings':
      return Object.entries(SETTINGS).map(([label, settings]) => ({
        id: label.replace('λ = ', 'lambda-').replaceAll(' ', '-'),
        label,
        ablation,
        learner: 'dreambooth',
        settings,
      }));
    case 'method': {
      const other = recommended === 'lora' ? 'full' : 'lora';
      return [
        {
          id: other,
          label: other === 'lora' ? 'DreamBooth with LoRA' : 'DreamBooth, every weight',
          ablation,
          learner: 'dreambooth',
          method: other,
        },
        {
          id: 'textual-inversion',
          label: 'textual inversion',
          ablation,
          learner: 'textual-inversion',
        },
        { id: 'base', label: 'the base, described', ablation, learner: 'base' },
      ];
    }
  }
};

/**
 * DreamBooth as recommended, and what the chosen ablations compare it with.
 * @param isDrawn whether the world draws the subjects, and the base knows it
 */
export function chooseVariants(
  ablations: readonly Ablation[],
  recommended: TrainingMethod,
  isDrawn: boolean,
): Variant[] {
  const compared = ablations.flatMap((ablation) => variantsOf(ablation, recommended));
  return [DREAMBOOTH, ...compared, ...(isDrawn ? [WORLD] : [])];
}

/** A noun of another kind: half the list away. */
export function wrongNounFor(noun: string, known: readonly string[] = CLASSES): string {
  const index = Math.max(0, known.indexOf(noun));
  return known[(index + Math.floor(known.length / 2)) % known.length]!;
}
