/** @file A whole DreamBooth training, from photos to the fine-tuned artifact. */
import { mkdirSync } from 'node:fs';
import { selectTensors } from '../diffusion/pipelines/checkpoint-weights.ts';
import { encodePrompts, type PromptTokenizers } from '../diffusion/pipelines/prompts.ts';
import { SessionCache } from '../diffusion/pipelines/session-cache.ts';
import { encodeIds, nativeSize } from '../diffusion/pipelines/sessions.ts';
import { TextToImagePipeline } from '../diffusion/pipelines/text-to-image.ts';
import { takesTimeIds } from '../diffusion/pipelines/time-ids.ts';
import { alphasCumprod } from '../diffusion/schedulers/ddpm.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { nearestClassNouns, openBase, openBaseTokenizers } from './base-checkpoint.ts';
import { Candidates, candidateSteps } from './candidates.ts';
import { TrainingCheckpoints, trainingFingerprint } from './checkpoint.ts';
import { encodePictures } from './dataset.ts';
import { openInitialWeights } from './initial-weights.ts';
import { createLearner } from './learner.ts';
import { requireLearningRates } from './learning-rates.ts';
import { ensureClassImages } from './prior-preservation.ts';
import { classPromptOf, instancePromptOf, requirePromptFits } from './prompts.ts';
import {
  EngineRequestError,
  type LoopContext,
  type TrainSubjectRequest,
  type TrainSubjectResult,
} from './requests.ts';
import { runSteps } from './run-steps.ts';
import { createStepBatches, type StepData } from './step.ts';

/**
 * Fine-tunes the base on a subject.
 *
 * 1. class images are made where they are missing; 2. photos and class images are encoded once;
 * 3. steps, with a checkpoint every `checkpointingSteps` and candidates on the way; 4. artifact.
 *
 * @throws {EngineRequestError} for what a retry cannot help
 * @throws `signal.reason` between two steps once it is aborted
 */
export async function trainSubject(
  asked: TrainSubjectRequest,
  context: LoopContext,
): Promise<TrainSubjectResult> {
  const { signal, onProgress } = context;
  onProgress({ stage: 'preparing', step: 0, totalSteps: 1 });
  const checkpoint = openBase(asked.baseCheckpointDir);
  const initial = openInitialWeights(asked, checkpoint);
  const request = { ...asked, settings: initial.settings };
  const { settings, sampling, provider, workDir } = request;
  const tokenizers = openBaseTokenizers(checkpoint);
  requireKnownNoun(checkpoint, request.classNoun);
  for (const prompt of request.samplePrompts) requirePromptFits(tokenizers, prompt);
  requireLearningRates(settings);
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
  const text = { prompts: promptsOf(request).length, tokens: tokenizers[0].maxLength };
  const learner = await createLearner(request, checkpoint, text, initial);
  const details = {
    identifier: request.identifier,
    classNoun: request.classNoun,
    baseHash: checkpoint.hash,
  };
  const fingerprint = trainingFingerprint(request, checkpoint.hash);
  const candidates = new Candidates(
    workDir,
    details,
    fingerprint,
    candidateSteps(settings.maxTrainSteps, request.candidates ?? 1),
  );
  const { step, resumedFromStep, finalLoss } = await runSteps(
    learner,
    settings,
    createStepBatches(data, settings),
    { checkpoints: new TrainingCheckpoints(workDir, fingerprint), candidates },
    context,
  ).finally(() => learner.trainer.close());

  // 4. artifact
  learner.writeArtifact(request.artifactFile, { ...details, steps: String(step) });
  return {
    steps: step,
    resumedFromStep,
    finalLoss,
    candidates: [...candidates.before(step), { step, file: request.artifactFile }],
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

function promptsOf(request: TrainSubjectRequest): string[] {
  const { identifier, classNoun, settings } = request;
  const instance = request.instancePrompt ?? instancePromptOf(identifier, classNoun);
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
