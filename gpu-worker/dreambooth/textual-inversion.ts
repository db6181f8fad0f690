/**
 * @file Textual inversion: learns the embedding of one token and nothing else. What DreamBooth is
 * compared with.
 * @see Gal et al. 2022, https://arxiv.org/abs/2208.01618
 */
import { encodePrompts } from '../diffusion/pipelines/prompts.ts';
import { SessionCache } from '../diffusion/pipelines/session-cache.ts';
import { nativeSize } from '../diffusion/pipelines/sessions.ts';
import { alphasCumprod } from '../diffusion/schedulers/ddpm.ts';
import {
  buildDenoisingLoss,
  frozenDenoiser,
  readCheckpointParameter,
  TEXT_ENCODER,
} from '../diffusion/training/denoising-loss.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { writeSafetensors } from '../diffusion/weights/safetensors.ts';
import { concat, slice } from '../tensor/graph/ops/movement.ts';
import type { Weights } from '../tensor/nn/weights.ts';
import { scalar, Trainer } from '../tensor/optim/trainer.ts';
import type { ExecutionProvider } from '../tensor/runtime/session.ts';
import { openBase, openBaseTokenizers } from './base-checkpoint.ts';
import { yieldToEvents } from './between-steps.ts';
import { encodePictures } from './dataset.ts';
import { EngineRequestError, type LoopContext } from './requests.ts';
import { createStepBatches, type StepData } from './step.ts';

export interface TextualInversionRequest {
  readonly baseCheckpointDir: string;
  readonly photoFiles: readonly string[];
  /** One token of the base's vocabulary; its embedding becomes the subject. */
  readonly identifier: string;
  /** What the embedding begins from. */
  readonly classNoun: string;
  readonly artifactFile: string;
  readonly steps: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly provider: ExecutionProvider;
}

const TOKEN_TABLE = `${TEXT_ENCODER}.text_model.embeddings.token_embedding.weight`;
const EMBEDDING = 'embedding';

/** The identifier alone stands for the subject: the class noun is not said. */
export const inversionPromptOf = (identifier: string): string => `a ${identifier}`;

/**
 * Trains the embedding, and writes the table of embeddings with it as an artifact.
 *
 * @returns the last step's loss
 * @throws {EngineRequestError} `SETTINGS_UNSUPPORTED` for a base of two text encoders, or an identifier of
 *   several tokens
 * @throws `signal.reason` between two steps once it is aborted
 */
export async function invertText(
  request: TextualInversionRequest,
  { signal, onProgress }: LoopContext,
): Promise<number> {
  const { identifier, classNoun, provider, seed, steps, batchSize } = request;
  const checkpoint = openBase(request.baseCheckpointDir);
  const tokenizers = openBaseTokenizers(checkpoint);
  if (checkpoint.textEncoder2) refuse('textual inversion knows bases of one text encoder only');
  const [token, ...more] = tokenizers[0].encode(identifier);
  if (token === undefined || more.length > 0) refuse(`"${identifier}" is not one token`);
  const table = readTable(checkpoint);

  // 1. latents and prompt
  const cache = new SessionCache({ provider });
  const { pixels, latent } = nativeSize(checkpoint);
  const data: StepData = {
    instance: await encodePictures(cache, checkpoint.vae, request.photoFiles, pixels, signal),
    alphas: alphasCumprod(checkpoint.scheduler),
    predictionType: checkpoint.scheduler.prediction_type,
    prompts: { ...encodePrompts(tokenizers, [inversionPromptOf(identifier)]) },
    withTimeIds: false,
  };
  await cache.close();

  // 2. steps
  const { hidden_size: width } = checkpoint.textEncoder.config;
  const trainer = await Trainer.create({
    parameters: [{ name: EMBEDDING, shape: [1, width], lrClass: EMBEDDING }],
    initial: () => rowOf(table, tokenizers[0].encode(classNoun).at(-1)!, width).slice(),
    provider,
    adamw: { weightDecay: 0 },
    build: (graph, parameters) => {
      const frozen = frozenDenoiser(graph, checkpoint);
      const weights: Weights = (name, shape) =>
        name === TOKEN_TABLE
          ? withRow(frozen(name, shape), token!, parameters(EMBEDDING, [1, width]))
          : frozen(name, shape);
      const { loss } = buildDenoisingLoss(graph, weights, checkpoint, {
        rows: batchSize,
        latentHeight: latent,
        latentWidth: latent,
        prompts: 1,
        tokens: tokenizers[0].maxLength,
        trainTextEncoder: true,
      });
      return { loss };
    },
  });
  const batchesOf = createStepBatches(data, {
    seed,
    trainBatchSize: batchSize,
    gradientAccumulationSteps: 1,
    priorLossWeight: 0,
    snrGamma: null,
    noiseOffset: 0,
  });
  let loss = Number.NaN;
  while (trainer.state.step < steps) {
    signal.throwIfAborted();
    const [batch] = batchesOf(trainer.state.step);
    const results = await trainer.step(batch!.feeds, { [EMBEDDING]: request.learningRate });
    loss = scalar(results, 'loss');
    onProgress({ stage: 'training', step: trainer.state.step, totalSteps: steps, loss });
    await yieldToEvents();
  }

  // 3. artifact
  await trainer.download();
  rowOf(table, token!, width).set(trainer.parameter(EMBEDDING));
  const shape = [table.length / width, width];
  writeSafetensors(
    request.artifactFile,
    [{ name: TOKEN_TABLE, dtype: 'F32', shape, data: table }],
    { format: 'pt', method: 'textual-inversion', identifier, baseHash: checkpoint.hash },
  );
  await trainer.close();
  return loss;
}

function refuse(message: string): never {
  throw new EngineRequestError('SETTINGS_UNSUPPORTED', message);
}

function readTable(checkpoint: Checkpoint): Float32Array {
  const { vocab_size, hidden_size } = checkpoint.textEncoder.config;
  const shape = [vocab_size, hidden_size];
  return readCheckpointParameter(checkpoint, { name: TOKEN_TABLE, shape });
}

const rowOf = (table: Float32Array, row: number, width: number): Float32Array =>
  table.subarray(row * width, (row + 1) * width);

/** The table with one row replaced. */
function withRow(table: ReturnType<Weights>, row: number, value: ReturnType<Weights>) {
  const rows = table.shape[0]!;
  const above = row > 0 ? [slice(table, 0, 0, row)] : [];
  const below = row + 1 < rows ? [slice(table, 0, row + 1, rows)] : [];
  return concat([...above, value, ...below], 0);
}
