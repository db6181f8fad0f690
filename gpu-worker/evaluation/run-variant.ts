/** @file One variant on one subject: teach it, let it draw, and let the judge look. */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { chooseIdentifier } from '../dreambooth/base-checkpoint.ts';
import { trainSubject } from '../dreambooth/loop.ts';
import type { LoopContext, TrainingSettings } from '../dreambooth/requests.ts';
import { invertText } from '../dreambooth/textual-inversion.ts';
import { type EvaluatedBase, folderKey, renderPictures } from './base.ts';
import { bestDescription } from './description.ts';
import type { Strangers } from './gallery.ts';
import type { Judge, Seen } from './judge.ts';
import { readPictures } from './pictures.ts';
import { type EvaluationPrompt, promptOf } from './prompts.ts';
import { type Observations, type SubjectScores, scoreSubject } from './scores.ts';
import { drawSceneFiles, type EvaluationSubject } from './subjects.ts';
import { type Variant, wrongNounFor } from './variants.ts';
import { answersTo, classScenes } from './world-pictures.ts';

/** Everything that all variants of an evaluation share. */
export interface Setting {
  readonly base: EvaluatedBase;
  readonly judge: Judge;
  readonly seed: number;
  /** Pictures of each prompt; the paper has four. */
  readonly picturesAPrompt: number;
  /** Pictures of the plain class. */
  readonly classPictures: number;
  /** Where class images lie, and a folder for each subject. */
  readonly outDir: string;
  readonly context: LoopContext;
}

/** A subject, what is asked of it, and how it looks to the judge. */
export interface Sitting {
  readonly subject: EvaluationSubject;
  readonly prompts: readonly EvaluationPrompt[];
  readonly photos: readonly Seen[];
  readonly strangers?: Strangers;
}

export interface VariantResult {
  readonly scores: SubjectScores;
  readonly prompts: readonly EvaluationPrompt[];
  /** The prompts as they were given, and for each its pictures. */
  readonly texts: readonly string[];
  readonly pictureFiles: readonly (readonly string[])[];
  readonly classPictureFiles: readonly string[];
}

/** Hears how far a variant is, in [0, 1]. */
export type OnVariant = (stage: string, share: number) => void;

/** Pictures of subject k begin with seed (k + 1) · this, those of its class with half of it more. */
const SEEDS_A_SUBJECT = 10_000;
/** Textual inversion on one embedding wants larger steps than weights do. */
const INVERSION_RATE = 5e-3;

/** How much of a variant's time teaching takes, about; the rest goes to the pictures. */
const TEACHING = 0.45;

export async function runVariant(
  setting: Setting,
  sitting: Sitting,
  variant: Variant,
  onProgress: OnVariant,
): Promise<VariantResult> {
  const shown =
    variant.learner === 'world'
      ? await showWorld(setting, sitting, variant)
      : await showTaught(setting, sitting, variant, onProgress);
  const { texts, pictureFiles, classPictureFiles } = shown;
  const observed = await observe(setting.judge, sitting, texts, pictureFiles, classPictureFiles);
  return { scores: scoreSubject(observed), prompts: sitting.prompts, ...shown };
}

type Shown = Pick<VariantResult, 'texts' | 'pictureFiles' | 'classPictureFiles'>;

/** Pictures of each prompt, `count` one after the other. */
const byPrompt = (files: readonly string[], prompts: readonly unknown[], count: number) =>
  prompts.map((_, i) => files.slice(i * count, (i + 1) * count));

/** Teaches the subject and renders. */
async function showTaught(
  setting: Setting,
  sitting: Sitting,
  variant: Variant,
  onProgress: OnVariant,
): Promise<Shown> {
  const { base, picturesAPrompt, classPictures } = setting;
  const { subject, prompts } = sitting;
  const taught = await teach(setting, sitting, variant, onProgress);

  const texts = prompts.map((prompt) => promptOf(prompt, taught.words));
  const perPrompt = texts.flatMap((text) => Array<string>(picturesAPrompt).fill(text));
  const rendering = {
    dir: path.join(taught.dir, 'pictures'),
    firstSeed: (subject.index + 1) * SEEDS_A_SUBJECT,
    ...(taught.artifactFile !== undefined && { artifactFile: taught.artifactFile }),
  };
  const total = perPrompt.length + classPictures;
  const onPictures = (before: number) => (done: number) =>
    onProgress('pictures', TEACHING + (1 - TEACHING) * ((before + done) / total));
  const files = await renderPictures(
    base,
    { ...rendering, prompts: perPrompt },
    setting.context,
    onPictures(0),
  );
  const classPictureFiles = await renderPictures(
    base,
    {
      ...rendering,
      dir: path.join(taught.dir, 'class-pictures'),
      firstSeed: rendering.firstSeed + SEEDS_A_SUBJECT / 2,
      prompts: Array<string>(classPictures).fill(`a ${subject.classNoun}`),
    },
    setting.context,
    onPictures(perPrompt.length),
  );
  return { texts, pictureFiles: byPrompt(files, prompts, picturesAPrompt), classPictureFiles };
}

/** Draws what is asked for. */
async function showWorld(setting: Setting, sitting: Sitting, variant: Variant): Promise<Shown> {
  const { picturesAPrompt, classPictures } = setting;
  const { subject, prompts } = sitting;
  if (!subject.drawn) throw new Error(`${subject.name} is not of the world`);
  const { drawn } = subject;
  const first = subject.index * SEEDS_A_SUBJECT;
  const scenes = prompts.flatMap((prompt, i) =>
    answersTo(prompt, drawn, picturesAPrompt, first + i * picturesAPrompt),
  );
  const strangers = classScenes(drawn, classPictures, first + SEEDS_A_SUBJECT / 2);
  const dir = folderOf(setting, subject, variant, []);
  const files = await drawSceneFiles(scenes, path.join(dir, 'pictures'));
  return {
    texts: prompts.map((prompt) => promptOf(prompt, subject.classNoun)),
    pictureFiles: byPrompt(files, prompts, picturesAPrompt),
    classPictureFiles: await drawSceneFiles(strangers, path.join(dir, 'class-pictures')),
  };
}

/** What a variant has learned: the words that stand for the subject, and maybe weights. */
interface Taught {
  readonly words: string;
  readonly artifactFile?: string;
  /** Changes with everything that the pictures depend on. */
  readonly dir: string;
}

async function teach(
  setting: Setting,
  sitting: Sitting,
  variant: Variant,
  onProgress: OnVariant,
): Promise<Taught> {
  const { base, seed } = setting;
  const { subject } = sitting;
  const identifier = chooseIdentifier(base.dir, new Set(), seed + subject.index);
  const photoFiles = subject.photoFiles.slice(0, variant.photos);
  const context: LoopContext = {
    ...setting.context,
    onProgress: ({ stage, step, totalSteps }) =>
      onProgress(stage, stage === 'training' ? (TEACHING * step) / totalSteps : 0),
  };
  if (variant.learner === 'base') {
    const dir = folderOf(setting, subject, variant, []);
    const words = await bestDescription(setting, sitting, path.join(dir, 'descriptions'));
    return { words, dir };
  }
  if (variant.learner === 'textual-inversion') {
    const { training, method } = base.facts.defaults;
    const { trainBatchSize, maxTrainSteps } = training[method];
    // As many pictures as DreamBooth sees, class images included.
    const options = {
      steps: maxTrainSteps,
      learningRate: INVERSION_RATE,
      batchSize: 2 * trainBatchSize,
      seed,
    };
    const dir = folderOf(setting, subject, variant, [options, identifier]);
    const artifactFile = path.join(dir, 'artifact.safetensors');
    if (!existsSync(artifactFile))
      await invertText(
        {
          ...options,
          baseCheckpointDir: base.dir,
          photoFiles,
          identifier,
          classNoun: subject.classNoun,
          artifactFile,
          provider: base.provider,
        },
        context,
      );
    return { words: identifier, artifactFile, dir };
  }
  return teachDreamBooth(setting, sitting, variant, { identifier, photoFiles }, context);
}

async function teachDreamBooth(
  setting: Setting,
  { subject }: Sitting,
  variant: Variant,
  { identifier, photoFiles }: { identifier: string; photoFiles: readonly string[] },
  context: LoopContext,
): Promise<Taught> {
  const { base, seed, outDir } = setting;
  const { defaults, classNouns } = base.facts;
  const recommended = defaults.training[variant.method ?? defaults.method];
  const settings: TrainingSettings = {
    ...recommended,
    ...variant.settings?.(recommended),
    seed,
  };
  const { noun = 'right' } = variant;
  const classNoun =
    noun === 'wrong' ? wrongNounFor(subject.classNoun, classNouns) : subject.classNoun;
  const words = noun === 'none' ? identifier : `${identifier} ${classNoun}`;
  const dir = folderOf(setting, subject, variant, [settings, words, photoFiles.length]);
  const artifactFile = path.join(dir, 'artifact.safetensors');
  if (!existsSync(artifactFile))
    await trainSubject(
      {
        kind: 'train-subject',
        baseCheckpointDir: base.dir,
        photoFiles: [...photoFiles],
        classNoun,
        identifier,
        ...(noun === 'none' && { instancePrompt: `a ${identifier}` }),
        workDir: path.join(dir, 'work'),
        classImagesDir: path.join(outDir, 'class-images', folderKey(base), classNoun),
        artifactFile,
        samplePrompts: [],
        settings,
        sampling: defaults.sampling,
        provider: base.provider,
      },
      context,
    );
  return { words, artifactFile, dir };
}

/** A folder that an evaluation with other settings does not take for its own. */
function folderOf(
  { base, outDir, seed, picturesAPrompt, classPictures }: Setting,
  subject: EvaluationSubject,
  variant: Variant,
  details: readonly unknown[],
): string {
  const key = folderKey(base, seed, picturesAPrompt, classPictures, ...details);
  const dir = path.resolve(outDir, subject.name, `${variant.id}-${key}`);
  mkdirSync(dir, { recursive: true });
  return dir;
}

async function observe(
  judge: Judge,
  { subject, prompts, photos, strangers }: Sitting,
  texts: readonly string[],
  pictureFiles: readonly (readonly string[])[],
  classPictureFiles: readonly string[],
): Promise<Observations> {
  const pictures: Seen[][] = [];
  const distances: number[][] = [];
  for (const files of pictureFiles) {
    const read = await readPictures(files);
    pictures.push(await judge.see(read));
    const apart = await judge.distances(read);
    if (apart) distances.push(apart);
  }
  const classPictures = await readPictures(classPictureFiles);
  const classDistances = await judge.distances(classPictures);
  return {
    photos,
    prompts,
    pictures,
    texts: {
      plain: await judge.readTexts(prompts.map((prompt) => promptOf(prompt, subject.classNoun))),
      given: await judge.readTexts(texts),
    },
    classPictures: await judge.see(classPictures),
    ...(distances.length > 0 && { distances }),
    ...(classDistances && { classDistances }),
    ...(strangers && { strangers }),
  };
}
