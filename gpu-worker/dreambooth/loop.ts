/** @file A whole DreamBooth training, from photos to the fine-tuned artifact and its samples. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { selectTensors } from '../diffusion/pipelines/checkpoint-weights.ts';
import { encodePrompts, type PromptTokenizers } from '../diffusion/pipelines/prompts.ts';
import { encodeIds, nativeSize, SessionCache } from '../diffusion/pipelines/sessions.ts';
import { TextToImagePipeline } from '../diffusion/pipelines/text-to-image.ts';
import { takesTimeIds } from '../diffusion/pipelines/time-ids.ts';
import { alphasCumprod } from '../diffusion/schedulers/ddpm.ts';
import { TEXT_ENCODER, UNET } from '../diffusion/training/denoising-loss.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { NonFiniteLossError, scalar, type Trainer } from '../tensor/optim/trainer.ts';
import { nearestClassNouns, openBase, openBaseTokenizers } from './base-checkpoint.ts';
import { resumeCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { encodePictures } from './dataset.ts';
import { createLearner } from './learner.ts';
import { ensureClassImages, yieldToEvents } from './prior-preservation.ts';
import { classPromptOf, instancePromptOf, requirePromptFits } from './prompts.ts';
import { renderBatch } from './render.ts';
import {
  EngineRequestError,
  type LoopContext,
  type TrainSubjectRequest,
  type TrainSubjectResult,
} from './requests.ts';
import { dreamboothStepFeeds, type StepData } from './step.ts';

/**
 * Fine-tunes the base on a subject.
 *
 * 1. class images are made where they are missing; 2. photos and class images are encoded once;
 * 3. steps, with a checkpoint every `checkpointingSteps`; 4. artifact; 5. samples.
 *
 * @throws {EngineRequestError} for what a retry cannot help
 * @throws `signal.reason` between two steps once it is aborted
 */
export async function trainSubject(
  request: TrainSubjectRequest,
  context: LoopContext,
): Promise<TrainSubjectResult> {
  const { settings, sampling, provider, workDir } = request;
  const { signal, onProgress, now } = context;
  onProgress({ stage: 'preparing', step: 0, totalSteps: 1 });
  const checkpoint = openBase(request.baseCheckpointDir);
  const tokenizers = openBaseTokenizers(checkpoint);
  requireKnownNoun(checkpoint, request.classNoun);
  for (const prompt of request.samplePrompts) requirePromptFits(tokenizers, prompt);
  mkdirSync(workDir, { recursive: true });

  // 1. class images
  const base = new TextToImagePipeline(checkpoint, tokenizers, { provider });
  const classImages = settings.withPriorPreservation
    ? await ensureClassImages(
        base,
        {
          dir: request.classImagesDir,
          classNoun: request.classNoun,
          count: settings.numClassImages,
          sampling,
        },
        context,
      )
    : { files: [], made: 0 };
  await base.close();

  // 2. latents
  const cache = new SessionCache({ provider });
  const size = nativeSize(checkpoint).pixels;
  const encode = (files: readonly string[]) =>
    encodePictures(cache, checkpoint.vae, files, size, signal);
  const data: StepData = {
    instance: await encode(request.photoFiles),
    ...(settings.withPriorPreservation && { class: await encode(classImages.files) }),
    alphas: alphasCumprod(checkpoint.scheduler),
    predictionType: checkpoint.scheduler.prediction_type,
    prompts: await promptFeed(request, checkpoint, tokenizers, cache),
    withTimeIds: takesTimeIds(checkpoint.unet.config),
  };
  await cache.close();

  // 3. steps
  const learner = await createLearner(request, checkpoint, {
    prompts: promptsOf(request).length,
    tokens: tokenizers[0].maxLength,
  });
  const { trainer } = learner;
  const fingerprint = fingerprintOf(request, checkpoint);
  const resumedFromStep = resumeCheckpoint(workDir, trainer, fingerprint);
  const { maxTrainSteps, checkpointingSteps, learningRate, textEncoderLearningRate } = settings;
  const lrs = { [UNET]: learningRate, [TEXT_ENCODER]: textEncoderLearningRate };
  const startedAt = now();
  let finalLoss = Number.NaN;
  while (trainer.state.step < maxTrainSteps) {
    signal.throwIfAborted();
    const feeds = {
      ...dreamboothStepFeeds(data, settings, trainer.state.step),
      ...learner.feeds(trainer.state.step),
    };
    const results = await stepOrExplain(trainer, feeds, lrs);
    finalLoss = scalar(results, 'loss');
    const { step } = trainer.state;
    if (step % checkpointingSteps === 0 && step < maxTrainSteps)
      saveCheckpoint(workDir, trainer, fingerprint);
    const secondsPerStep = (now() - startedAt) / 1000 / (step - resumedFromStep);
    onProgress({
      stage: 'training',
      step,
      totalSteps: maxTrainSteps,
      secondsLeft: secondsPerStep * (maxTrainSteps - step),
      loss: finalLoss,
    });
    await yieldToEvents();
  }
  saveCheckpoint(workDir, trainer, fingerprint);

  // 4. artifact
  learner.writeArtifact(request.artifactFile, {
    identifier: request.identifier,
    classNoun: request.classNoun,
    baseHash: checkpoint.hash,
    steps: String(trainer.state.step),
  });
  await trainer.close();

  // 5. samples
  onProgress({ stage: 'sampling', step: 0, totalSteps: request.samplePrompts.length });
  const sampleFiles = await renderBatch(
    checkpoint,
    tokenizers,
    {
      provider,
      sampling,
      artifactFile: request.artifactFile,
      outputDir: request.samplesDir,
      prompts: request.samplePrompts,
      firstSeed: settings.seed,
    },
    context,
  );
  onProgress({ stage: 'sampling', step: sampleFiles.length, totalSteps: sampleFiles.length });
  return {
    steps: trainer.state.step,
    resumedFromStep,
    finalLoss,
    sampleFiles,
    classImagesMade: classImages.made,
  };
}

/** @throws {EngineRequestError} `CLASS_NOUN_UNKNOWN` with the nearest five, where the base has a closed list */
function requireKnownNoun({ classNouns }: Checkpoint, noun: string): void {
  if (!classNouns || classNouns.includes(noun)) return;
  const nearest = nearestClassNouns(noun, classNouns, 5).join(', ');
  throw new EngineRequestError(
    'CLASS_NOUN_UNKNOWN',
    `the base does not know "${noun}"; nearest: ${nearest}`,
    {
      nearest,
    },
  );
}

function promptsOf({ identifier, classNoun, settings }: TrainSubjectRequest): string[] {
  const instance = instancePromptOf(identifier, classNoun);
  return settings.withPriorPreservation ? [instance, classPromptOf(classNoun)] : [instance];
}

/** Token ids where the text encoders are trained, else their states, which then never change. */
async function promptFeed(
  request: TrainSubjectRequest,
  checkpoint: Checkpoint,
  tokenizers: PromptTokenizers,
  cache: SessionCache,
): Promise<StepData['prompts']> {
  const ids = encodePrompts(tokenizers, promptsOf(request));
  if (request.settings.trainTextEncoder) return { ...ids };
  return { ...(await encodeIds(cache, checkpoint, selectTensors(checkpoint), ids)) };
}

async function stepOrExplain(
  trainer: Trainer,
  feeds: Parameters<Trainer['step']>[0],
  lrs: Record<string, number>,
) {
  try {
    return await trainer.step(feeds, lrs);
  } catch (error) {
    if (error instanceof NonFiniteLossError)
      throw new EngineRequestError('NAN_LOSS', error.message);
    throw error;
  }
}

/** Two requests with the same fingerprint train the same weights. */
function fingerprintOf(request: TrainSubjectRequest, { hash }: Checkpoint): string {
  const { classNoun, identifier, settings, photoFiles } = request;
  const text = JSON.stringify([hash, classNoun, identifier, settings, photoFiles.length]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
