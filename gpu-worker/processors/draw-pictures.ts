/** @file From a rendition's row to picture files: weights and start picture decrypted, settings completed, engine asked. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { RenderedWith, RenderProgress, RenderSettings } from '#db/jobs/render-prompt.ts';
import type { ShownSubject } from '#db/queries/rendition-subjects.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type {
  ProgressEvent,
  RenderPromptRequest,
  SamplingSettings,
} from '../dreambooth/requests.ts';
import type { AttemptWatch } from './attempt.ts';
import type { ProcessorContext } from './context.ts';
import { requireDataKey } from './data-keys.ts';
import { enlargePicture } from './enlarge-picture.ts';
import { JobFailure } from './failures.ts';
import { sidesOf } from './picture-sides.ts';
import type { PreviewFiles } from './preview-files.ts';
import type { RunFolder } from './run-folder.ts';
import { decryptSourcePicture } from './source-pictures.ts';
import { runThroughCrashes } from './through-crashes.ts';

/** What drawing needs to know of an attempt. */
export interface RenditionAttempt {
  readonly rendition: Rendition;
  readonly subjects: readonly ShownSubject[];
  readonly folder: RunFolder;
  readonly watch: AttemptWatch<RenderProgress>;
  readonly previews: PreviewFiles;
}

/** As often as the bot may edit a message. */
const PREVIEW_EVERY_MS = 5_000;

/** Pictures in the attempt's folder, in order, and what they were made with. */
export interface DrawnPictures {
  readonly pictureFiles: readonly string[];
  readonly renderedWith: RenderedWith;
}

/** @throws {JobFailure} where weights or start picture are gone, {EngineFailure} as the engine says */
export async function drawPictures(
  context: ProcessorContext,
  attempt: RenditionAttempt,
): Promise<DrawnPictures> {
  const { base, config } = context;
  const { rendition, subjects, folder, watch, previews } = attempt;
  if (subjects.some(({ subject }) => subject.deletedAt)) throw new JobFailure('SUBJECT_DELETED');
  if (rendition.settings.enlarge !== undefined) {
    return enlarge(context, attempt, rendition.settings.enlarge);
  }
  const { aspect, negativePrompt } = rendition.settings;
  const [artifactFile, otherArtifactFile] = await decryptArtifacts(context, attempt);
  const startImage = await decryptStartPicture(context, attempt);
  const sampling = mergeSamplingSettings(base.defaults.sampling, rendition.settings);
  const request: RenderPromptRequest = {
    kind: 'render-prompt',
    baseCheckpointDir: config.baseCheckpointDir,
    ...(artifactFile !== undefined && { artifactFile }),
    ...(otherArtifactFile !== undefined && { otherArtifactFile }),
    prompt: rendition.resolvedPrompt,
    negativePrompt,
    ...(aspect && sidesOf(aspect, base)),
    ...(startImage && { startImage }),
    seed: rendition.seed,
    count: rendition.count,
    outputDir: path.join(folder.attempt, 'pictures'),
    previewEveryMs: config.previewEveryMs ?? PREVIEW_EVERY_MS,
    sampling,
    provider: config.executionProvider,
  };
  const { pictureFiles } = await runThroughCrashes(context, request, {
    signal: watch.signal,
    onProgress(event) {
      if (event.previewFile !== undefined) previews.add(event.previewFile);
      watch.report({ ...toProgress(event), previewFileIds: previews.fileIds });
    },
  });
  const [first] = pictureFiles;
  if (first === undefined) {
    throw new Error(`render: expected ${rendition.count} pictures, got none`);
  }
  return { pictureFiles, renderedWith: { ...(await readPngSize(first)), ...sampling } };
}

/** @returns the subjects' decrypted weights, in order; none where the base alone is asked for */
async function decryptArtifacts(
  { base, store, database }: ProcessorContext,
  { subjects, folder }: RenditionAttempt,
): Promise<readonly string[]> {
  const files: string[] = [];
  for (const [index, { subject, artifact }] of subjects.entries()) {
    if (!artifact) throw new JobFailure('SUBJECT_NOT_TRAINED');
    if (artifact.baseCheckpointHash !== base.hash) throw new JobFailure('BASE_CHANGED');
    const dataKey = await requireDataKey(database.db, subject.ownerId);
    const file = path.join(folder.attempt, `artifact-${index}.safetensors`);
    await store.getToFile(artifact.storageFileId, dataKey, file);
    files.push(file);
  }
  return files;
}

/** @returns the decrypted picture to start from, or undefined where there is none */
async function decryptStartPicture(
  context: ProcessorContext,
  attempt: RenditionAttempt,
): Promise<RenderPromptRequest['startImage']> {
  const { strength } = attempt.rendition.settings;
  if (strength === undefined) return undefined;
  const { file } = await decryptSourcePicture(context, attempt);
  return { file, strength };
}

/** Makes a picture larger instead of drawing one; what it was drawn with stays what it was. */
async function enlarge(
  context: ProcessorContext,
  attempt: RenditionAttempt,
  factor: number,
): Promise<DrawnPictures> {
  const { rendition, folder } = attempt;
  const { file, source } = await decryptSourcePicture(context, attempt);
  const target = path.join(folder.attempt, 'enlarged.png');
  const sides = await enlargePicture(file, target, factor);
  const sampling = mergeSamplingSettings(context.base.defaults.sampling, rendition.settings);
  return {
    pictureFiles: [target],
    renderedWith: { ...sampling, ...source?.renderedWith, ...sides },
  };
}

function mergeSamplingSettings(defaults: SamplingSettings, row: RenderSettings): SamplingSettings {
  return {
    sampler: row.sampler ?? defaults.sampler,
    numInferenceSteps: row.numInferenceSteps ?? defaults.numInferenceSteps,
    guidanceScale: row.guidanceScale ?? defaults.guidanceScale,
  };
}

function toProgress(event: ProgressEvent): RenderProgress {
  return {
    stage: event.stage === 'preparing' ? 'preparing' : 'rendering',
    step: Math.trunc(event.step),
    totalSteps: Math.trunc(event.totalSteps),
    secondsLeft: event.secondsLeft === undefined ? null : Math.max(0, event.secondsLeft),
  };
}

/** Reads the first chunk of a PNG that the engine wrote. */
async function readPngSize(file: string): Promise<{ width: number; height: number }> {
  const handle = await open(file);
  try {
    const head = Buffer.alloc(24);
    await handle.read(head, 0, head.length, 0);
    return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
  } finally {
    await handle.close();
  }
}
