/** @file What the engine can be asked to do, and what it tells while doing it: paths and settings, never tensors. */
import { z } from 'zod';
import { SAMPLER_NAMES } from '../diffusion/schedulers/create-sampler.ts';
import { LR_SCHEDULERS } from '../tensor/optim/lr-schedule.ts';
import { EXECUTION_PROVIDERS } from '../tensor/runtime/providers.ts';

const absolutePath = z.string().startsWith('/');

/** Longest training. */
const MAX_STEPS = 100_000;

/** `full` changes every weight, `lora` trains low-rank adapters beside them. */
export const TRAINING_METHODS = ['full', 'lora'] as const;
export type TrainingMethod = (typeof TRAINING_METHODS)[number];

/**
 * Settings of one DreamBooth training; names as in the reference script. `docs/training-options.md`
 * says when to use which.
 */
export const trainingSettingsSchema = z.object({
  method: z.enum(TRAINING_METHODS),
  /** Rank, alpha, dropout and targets of adapters are without effect for `full`. */
  rank: z.int().min(1).max(512),
  /** An adapter is multiplied by alpha / rank. */
  loraAlpha: z.number().positive(),
  /** Share of an adapter's input features that a step drops. */
  loraDropout: z.number().min(0).max(0.9),
  /** Kinds of layers that get an adapter. */
  loraTargets: z.array(z.enum(['attention', 'feed-forward', 'convolution'])).min(1),
  /** Updates of the weights. */
  maxTrainSteps: z.int().min(1).max(MAX_STEPS),
  learningRate: z.number().positive(),
  /** How the rates change over the training. */
  lrScheduler: z.enum(LR_SCHEDULERS),
  /** Steps over which the rates rise from 0; without effect for `constant`. */
  lrWarmupSteps: z.int().min(0).max(MAX_STEPS),
  /** How often `cosine_with_restarts` falls. */
  lrNumCycles: z.int().min(1).max(1000),
  /** Exponent of `polynomial`. */
  lrPower: z.number().positive().max(10),
  trainTextEncoder: z.boolean(),
  /** Without effect where the text encoder is not trained, as is the stop step. */
  textEncoderLearningRate: z.number().positive(),
  /** Steps after which the text encoder stays as it is; null: it is trained to the end. */
  textEncoderStopStep: z.int().min(1).max(MAX_STEPS).nullable(),
  withPriorPreservation: z.boolean(),
  /** λ of the prior-preservation term. */
  priorLossWeight: z.number().nonnegative(),
  /** Class images to train on; made once for a base and class noun. */
  numClassImages: z.int().min(1).max(2000),
  /** γ of min-SNR weighting; null: every timestep counts the same. */
  snrGamma: z.number().positive().nullable(),
  /** Standard deviation of what each channel's noise is shifted by as a whole. */
  noiseOffset: z.number().min(0).max(1),
  /** Instance rows a batch; as many class rows join them. */
  trainBatchSize: z.int().min(1).max(64),
  /** Batches a step, whose gradients are averaged. */
  gradientAccumulationSteps: z.int().min(1).max(256),
  /** Saves memory: activations are computed again in the backward pass instead of being kept. */
  gradientCheckpointing: z.boolean(),
  /** Steps between checkpoints that a killed training resumes from. */
  checkpointingSteps: z.int().min(1),
  seed: z.int().nonnegative(),
});
export type TrainingSettings = z.infer<typeof trainingSettingsSchema>;

/** Settings of sampling. */
export const samplingSettingsSchema = z.object({
  sampler: z.enum(SAMPLER_NAMES),
  numInferenceSteps: z.int().min(1).max(1000),
  guidanceScale: z.number().min(0).max(50),
});
export type SamplingSettings = z.infer<typeof samplingSettingsSchema>;

/** Class image i is made with this seed + i: the same images for every user of a base. */
export const FIRST_CLASS_IMAGE_SEED = 1_000_000;

/** File name of class image `index` within its set. */
export const classImageFile = (index: number): string =>
  `${String(index + 1).padStart(4, '0')}.png`;

/** Longest side of a picture, in pixels: attention's memory grows with the square of its pixels. */
const MAX_SIDE = 2048;
const side = z.int().min(1).max(MAX_SIDE);

/** Devices that the engine can run on. */
export const providerSchema = z.enum(EXECUTION_PROVIDERS);

export const trainSubjectRequestSchema = z.object({
  kind: z.literal('train-subject'),
  baseCheckpointDir: absolutePath,
  /** Clean PNG photos, decrypted into the work folder. */
  photoFiles: z.array(absolutePath).min(1),
  classNoun: z.string().min(1),
  identifier: z.string().min(1),
  /** What each photo is called; absent: `a [identifier] [class]`. Comparisons leave the class noun out. */
  instancePrompt: z.string().min(1).optional(),
  /** Decrypted weights of an earlier training to go on with; absent: the base's. */
  initialArtifactFile: absolutePath.optional(),
  /** Checkpoints of this run live here; a later attempt finds and resumes them. */
  workDir: absolutePath,
  /** Shared by all trainings: optimized graphs, which hold no weights. Absent: none are kept. */
  graphCacheDir: absolutePath.optional(),
  /** Shared by all users: `<dir>/<key>/0001.png …`; made here where images are missing. */
  classImagesDir: absolutePath,
  /** Where the fp16 safetensors artifact goes. */
  artifactFile: absolutePath,
  /** How many weights to keep, evenly spaced over the steps, the last ones included; absent: those only. */
  candidates: z.int().min(1).max(5).optional(),
  /** What will be drawn with it: a prompt that does not fit is refused before any work is done. */
  samplePrompts: z.array(z.string()),
  settings: trainingSettingsSchema,
  sampling: samplingSettingsSchema,
  provider: providerSchema,
});
export type TrainSubjectRequest = z.infer<typeof trainSubjectRequestSchema>;

export const renderPromptRequestSchema = z.object({
  kind: z.literal('render-prompt'),
  baseCheckpointDir: absolutePath,
  /** Decrypted artifact of the subject; absent: the base itself. */
  artifactFile: absolutePath.optional(),
  /** Decrypted artifact of a second subject in the same picture; both must be adapters then. */
  otherArtifactFile: absolutePath.optional(),
  prompt: z.string().min(1),
  /** What the picture should not show; without effect where guidance is off. */
  negativePrompt: z.string().optional(),
  /** Sides in pixels; absent: what the base was made for. */
  width: side.optional(),
  height: side.optional(),
  /** A clean picture to start from, and the share of the steps to take from there. */
  startImage: z.object({ file: absolutePath, strength: z.number().positive().max(1) }).optional(),
  seed: z.int().nonnegative(),
  count: z.int().min(1).max(16),
  /** `<outputDir>/0.png …` */
  outputDir: absolutePath,
  /** Least milliseconds between two previews, `<outputDir>/preview-0.png …`; absent: none are made. */
  previewEveryMs: z.number().positive().optional(),
  sampling: samplingSettingsSchema,
  provider: providerSchema,
});
export type RenderPromptRequest = z.infer<typeof renderPromptRequestSchema>;

/** Stages of a training and its evaluation, in order; a rendering's is `sampling`. */
export const STAGES = ['preparing', 'class images', 'training', 'evaluating', 'sampling'] as const;
export type Stage = (typeof STAGES)[number];

/** Progress within a stage. */
export interface ProgressEvent {
  readonly stage: Stage;
  readonly step: number;
  readonly totalSteps: number;
  readonly secondsLeft?: number;
  readonly loss?: number;
  /** What is being drawn, as it looks by now. */
  readonly previewFile?: string;
  /** Weights that were kept after this step. */
  readonly candidateFile?: string;
}

/** What a loop is given beside its request. Throws `signal.reason` when aborted, between two steps. */
export interface LoopContext {
  readonly signal: AbortSignal;
  /** Ends a training's steps early, with what it has learned by then. */
  readonly finish?: AbortSignal;
  /** Awaited between two steps; absent: messages are handled. */
  readonly betweenSteps?: () => Promise<void>;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

export interface TrainSubjectResult {
  /** Fewer than asked for where it was told to finish. */
  readonly steps: number;
  /** Weights that were kept, in order; the last ones are the artifact. */
  readonly candidates: readonly { readonly step: number; readonly file: string }[];
  readonly resumedFromStep: number;
  readonly finalLoss: number;
  readonly classImagesMade: number;
}

export interface RenderPromptResult {
  readonly pictureFiles: readonly string[];
}

/** A request that cannot be carried out; retrying will not help. `code` is one of the job's failure codes. */
export class EngineRequestError extends Error {
  override readonly name = 'EngineRequestError';
  readonly code: EngineFailureCode;
  /** What a sentence about it may name: the word that does not fit, the nearest nouns. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    code: EngineFailureCode,
    message: string,
    details: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Settings that break rules, in one line: `training.lrPower: Too big: expected number to be <=10`. */
export const explainIssues = ({ issues }: z.ZodError): string =>
  issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ');

export const ENGINE_FAILURE_CODES = [
  'CLASS_NOUN_UNKNOWN',
  'SETTINGS_UNSUPPORTED',
  'PROMPT_TOO_LONG',
  'BASE_MISSING',
  'NAN_LOSS',
  'PHOTO_UNREADABLE',
  'ARTIFACT_UNREADABLE',
] as const;
export type EngineFailureCode = (typeof ENGINE_FAILURE_CODES)[number];
