/** @file Sessions of one model each, built when a batch size is first needed. */
import { Graph } from '../../tensor/graph/graph.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import {
  createSession,
  type ExecutionProvider,
  type Session,
  type Tensor,
} from '../../tensor/runtime/session.ts';
import type { PackedLora } from '../lora/adapter.ts';
import { buildVaeDecoder, buildVaeEncoder, vaeScaleFactor } from '../models/autoencoder-kl.ts';
import { frozenWeights } from '../models/frozen-weights.ts';
import { buildTextConditioning } from '../models/text-conditioning.ts';
import { buildUnet } from '../models/unet-2d-condition-model.ts';
import { TEXT_ENCODER, TEXT_ENCODER_2, UNET } from '../training/denoising-loss.ts';
import type { Checkpoint, CheckpointModel, VaeConfig } from '../weights/diffusers-checkpoint.ts';
import type { TensorEntry } from '../weights/safetensors.ts';
import type { DenoiserTensors } from './checkpoint-weights.ts';
import { latentsForDecoder } from './latents.ts';
import type { TokenIds } from './prompts.ts';

export interface RuntimeOptions {
  provider?: ExecutionProvider;
  threads?: number;
}

/** Builds a session once for each key and closes them all together. */
export class SessionCache {
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #options: RuntimeOptions;

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  get(key: string, build: (graph: Graph) => void): Promise<Session> {
    const known = this.#sessions.get(key);
    if (known) return known;
    const graph = new Graph();
    build(graph);
    const created = createSession(graph, { ...this.#options, purpose: 'inference' });
    this.#sessions.set(key, created);
    // A session that could not be made has nothing to close.
    created.catch(() => this.#sessions.delete(key));
    return created;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).close();
    this.#sessions.clear();
  }
}

/** What the text encoders make of prompts, under the names of the denoising loss's inputs. */
export interface PromptStates {
  /** float32 `[prompts, tokens, width]` */
  readonly promptStates: Tensor;
  /** float32 `[prompts, projection_dim]`, with a second encoder */
  readonly promptPooled?: Tensor;
}

/** Declares an adapter in a graph; without one the models' weights stay as they are. */
const adapter = (graph: Graph, lora?: PackedLora): ((base: Weights, model: string) => Weights) =>
  lora?.declare(graph) ?? ((base) => base);

/**
 * Token ids to what the UNet is told about the text.
 * @throws {Error} when the checkpoint has a second encoder and `ids2` is missing
 */
export async function encodeIds(
  cache: SessionCache,
  { textEncoder, textEncoder2 }: Pick<Checkpoint, 'textEncoder' | 'textEncoder2'>,
  tensors: Omit<DenoiserTensors, 'unet'>,
  { ids, ids2 }: TokenIds,
): Promise<PromptStates> {
  const lora = tensors.lora?.text;
  if (textEncoder2 && !ids2) throw new Error('the second text encoder needs token ids of its own');
  const session = await cache.get(`text ${ids.shape} ${lora?.layout}`, (graph) => {
    const adapt = adapter(graph, lora);
    const encoder = (
      name: typeof TEXT_ENCODER | typeof TEXT_ENCODER_2,
      model: Checkpoint['textEncoder'],
      entries: ReadonlyMap<string, TensorEntry>,
    ) => ({
      weights: adapt(frozenWeights(graph, entries, `${name}/`), name),
      config: model.config,
      ids: graph.input(name === TEXT_ENCODER ? 'ids' : 'ids2', 'int32', ids.shape),
    });
    const { states, pooled } = buildTextConditioning(
      encoder(TEXT_ENCODER, textEncoder, tensors.textEncoder),
      textEncoder2 &&
        encoder(TEXT_ENCODER_2, textEncoder2, tensors.textEncoder2 ?? textEncoder2.tensors),
    );
    graph.output('promptStates', states);
    if (pooled) graph.output('promptPooled', pooled);
  });
  const results = await session.run({
    ids,
    ...(textEncoder2 && { ids2: ids2! }),
    ...lora?.feeds,
  });
  const { promptStates, promptPooled } = results;
  return { promptStates: promptStates!, ...(promptPooled && { promptPooled }) };
}

/** One row of everything that the UNet is told, for each row of the sample. */
export interface UnetFeeds {
  /** float32 `[n, c, h, w]` */
  readonly sample: Tensor;
  /** float32 `[n]` */
  readonly timesteps: Tensor;
  /** float32 `[n, tokens, width]` */
  readonly states: Tensor;
  /** SDXL: float32 `[n, projection_dim]` */
  readonly pooled?: Tensor;
  /** SDXL: float32 `[n, 6]`, see `timeIdsOf` */
  readonly timeIds?: Tensor;
}

/**
 * @param lora the UNet's part of a subject's adapter
 * @returns the prediction, shaped like `sample`
 */
export async function predictNoise(
  cache: SessionCache,
  { config }: Checkpoint['unet'],
  tensors: ReadonlyMap<string, TensorEntry>,
  feeds: UnetFeeds,
  lora?: PackedLora,
): Promise<Float32Array> {
  const { sample, states, pooled, timeIds } = feeds;
  const key = `unet ${sample.shape} ${states.shape} ${lora?.layout}`;
  const session = await cache.get(key, (graph) => {
    const weights = adapter(graph, lora)(frozenWeights(graph, tensors), UNET);
    const input = (name: string, { shape }: Tensor) => graph.input(name, 'float32', shape);
    const prediction = buildUnet(weights, config, {
      sample: input('sample', sample),
      timesteps: input('timesteps', feeds.timesteps),
      encoderHiddenStates: input('states', states),
      ...(pooled &&
        timeIds && {
          addition: { textEmbeds: input('pooled', pooled), timeIds: input('timeIds', timeIds) },
        }),
    });
    graph.output('prediction', prediction);
  });
  return (await session.run({ ...feeds, ...lora?.feeds })).prediction!.data as Float32Array;
}

/**
 * @param latents float32 `[n, c, h, w]`, as the UNet takes them
 * @returns pixels float32 `[n, 3, h·f, w·f]`, about [−1, 1]
 */
export async function decodeLatents(
  cache: SessionCache,
  { config, tensors }: CheckpointModel<VaeConfig>,
  latents: Tensor,
): Promise<Tensor> {
  const session = await cache.get(`decoder ${latents.shape}`, (graph) => {
    const input = graph.input('latents', 'float32', latents.shape);
    graph.output('pixels', buildVaeDecoder(frozenWeights(graph, tensors), config, input));
  });
  const { data, shape } = latents;
  const decoded = latentsForDecoder(config, data as Float32Array, shape[2]! * shape[3]!);
  return (await session.run({ latents: { data: decoded, shape } })).pixels!;
}

/**
 * @param pixels float32 `[n, 3, h, w]` in [−1, 1]
 * @returns the posterior's mean and log-variance, `[n, c, h/f, w/f]`, without the scaling factor
 */
export async function encodePixels(
  cache: SessionCache,
  { config, tensors }: CheckpointModel<VaeConfig>,
  pixels: Tensor,
): Promise<{ mean: Tensor; logvar: Tensor }> {
  const session = await cache.get(`encoder ${pixels.shape}`, (graph) => {
    const input = graph.input('pixels', 'float32', pixels.shape);
    const { mean, logvar } = buildVaeEncoder(frozenWeights(graph, tensors), config, input);
    graph.output('mean', mean);
    graph.output('logvar', logvar);
  });
  const results = await session.run({ pixels });
  return { mean: results.mean!, logvar: results.logvar! };
}

/** Height and width of the latents and pictures that a checkpoint was made for. */
export function nativeSize({ unet, vae }: Pick<Checkpoint, 'unet' | 'vae'>): {
  latent: number;
  pixels: number;
} {
  const { sample_size } = unet.config;
  const latent = typeof sample_size === 'number' ? sample_size : (sample_size?.[0] ?? 64);
  return { latent, pixels: latent * vaeScaleFactor(vae.config) };
}
