/** @file What a training changes: the models' own weights, or adapters beside them. */

import {
  downName,
  type LoraAdapter,
  listLoraParameters,
  upName,
} from '../diffusion/lora/adapter.ts';
import { listLoraLayers } from '../diffusion/lora/layers.ts';
import { collectLora, initialLora, LoraDropout, trainedLora } from '../diffusion/lora/training.ts';
import { nativeSize } from '../diffusion/pipelines/sessions.ts';
import {
  buildDenoisingLoss,
  type DenoisingShape,
  listDenoiserParameters,
} from '../diffusion/training/denoising-loss.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { Trainer } from '../tensor/optim/trainer.ts';
import type { Feeds } from '../tensor/runtime/session.ts';
import { writeFullArtifact, writeLoraArtifact } from './checkpoint.ts';
import { type InitialWeights, openInitialWeights } from './initial-weights.ts';
import type { TrainSubjectRequest } from './requests.ts';

/** A trainer, and what depends on the method. */
export interface Learner {
  readonly trainer: Trainer;
  /**
   * What a batch of a step is fed, beside pictures and prompts.
   * @param rows numbers of the batch's rows within the step
   */
  feeds(step: number, rows: readonly number[]): Feeds;
  /** @param details identifier, class noun, hash of the base */
  writeArtifact(file: string, details: Readonly<Record<string, string>>): void;
}

/**
 * @param text number of prompts in a batch, and tokens of each
 * @param initial where it begins; the base's own weights by default
 */
export function createLearner(
  { settings, provider, graphCacheDir }: Setup,
  checkpoint: Checkpoint,
  text: { prompts: number; tokens: number },
  initial: InitialWeights = openInitialWeights({ settings }, checkpoint),
): Promise<Learner> {
  const { trainBatchSize, withPriorPreservation, trainTextEncoder, gradientCheckpointing } =
    settings;
  const { latent } = nativeSize(checkpoint);
  const shape = {
    ...text,
    rows: withPriorPreservation ? 2 * trainBatchSize : trainBatchSize,
    latentHeight: latent,
    latentWidth: latent,
    trainTextEncoder,
    gradientCheckpointing,
  };
  const create = settings.method === 'lora' ? createLoraLearner : createFullLearner;
  return create(
    {
      settings,
      provider,
      // A graph that was read back runs in another order, in which recomputation saves less memory.
      graphCacheDir: gradientCheckpointing ? undefined : graphCacheDir,
    },
    checkpoint,
    shape,
    initial,
  );
}

type Setup = Pick<TrainSubjectRequest, 'settings' | 'provider' | 'graphCacheDir'>;

/** Changes every weight, as the paper does. */
async function createFullLearner(
  { settings, provider, graphCacheDir }: Setup,
  checkpoint: Checkpoint,
  shape: DenoisingShape,
  { read }: InitialWeights,
): Promise<Learner> {
  const parameters = listDenoiserParameters(checkpoint, settings.trainTextEncoder);
  const specs = new Map(parameters.map((spec) => [spec.name, spec]));
  const trainer = await Trainer.create({
    parameters,
    initial: (name) => read(specs.get(name)!),
    gradientAccumulationSteps: settings.gradientAccumulationSteps,
    provider,
    graphCacheDir,
    build: (graph, weights) => ({
      loss: buildDenoisingLoss(graph, weights, checkpoint, shape).loss,
    }),
  });
  return {
    trainer,
    feeds: () => ({}),
    writeArtifact: (file, details) => writeFullArtifact(file, trainer, details),
  };
}

/** Trains adapters; the base's weights stay as they are. */
async function createLoraLearner(
  { settings, provider, graphCacheDir }: Setup,
  checkpoint: Checkpoint,
  shape: DenoisingShape,
  { adapter }: InitialWeights,
): Promise<Learner> {
  const { seed, loraDropout } = settings;
  const layers =
    adapter ??
    listLoraLayers(checkpoint, {
      rank: settings.rank,
      alpha: settings.loraAlpha,
      targets: settings.loraTargets,
      trainTextEncoder: settings.trainTextEncoder,
    });
  const dropout = loraDropout > 0 ? new LoraDropout(loraDropout) : undefined;
  const trainer = await Trainer.create({
    parameters: listLoraParameters(layers),
    initial: adapter ? valuesOf(adapter) : initialLora(layers, seed),
    gradientAccumulationSteps: settings.gradientAccumulationSteps,
    provider,
    graphCacheDir,
    build: (graph, parameters) => {
      const weights = trainedLora(graph, checkpoint, layers, parameters, dropout);
      return { loss: buildDenoisingLoss(graph, weights, checkpoint, shape).loss };
    },
  });
  return {
    trainer,
    feeds: (step, rows) => dropout?.feeds(seed, step, rows) ?? {},
    writeArtifact: (file, details) =>
      writeLoraArtifact(
        file,
        collectLora(layers, (name) => trainer.parameter(name)),
        details,
      ),
  };
}

/** An adapter's tensors by their names. */
function valuesOf(adapter: LoraAdapter): (name: string) => Float32Array {
  const values = new Map(
    adapter.flatMap(({ module, down, up }) => [
      [downName(module), down],
      [upName(module), up],
    ]),
  );
  return (name) => values.get(name)!;
}
