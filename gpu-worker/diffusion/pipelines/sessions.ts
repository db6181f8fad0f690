/** @file Sessions of one model each, built when a batch size is first needed. */
import { Graph } from '../../tensor/graph/graph.ts';
import {
  createSession,
  type ExecutionProvider,
  type Session,
  type Tensor,
} from '../../tensor/runtime/session.ts';
import { buildVaeDecoder, buildVaeEncoder, vaeScaleFactor } from '../models/autoencoder-kl.ts';
import { buildClipTextModel } from '../models/clip-text-model.ts';
import { frozenWeights } from '../models/frozen-weights.ts';
import { buildUnet } from '../models/unet-2d-condition-model.ts';
import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.ts';
import type { Checkpoint, CheckpointModel, VaeConfig } from '../weights/diffusers-checkpoint.ts';
import type { TensorEntry } from '../weights/safetensors.ts';

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
    return created;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).close();
    this.#sessions.clear();
  }
}

/** Texts to padded token ids, int32 `[texts, tokens]`. */
export function encodePrompts(tokenizer: ClipTokenizer, texts: readonly string[]): Tensor {
  const { maxLength } = tokenizer;
  const data = new Int32Array(texts.length * maxLength);
  for (const [row, text] of texts.entries())
    data.set(tokenizer.encodePadded(text), row * maxLength);
  return { data, shape: [texts.length, maxLength] };
}

/**
 * Token ids to the states that the UNet attends to.
 * @param ids int32 `[prompts, tokens]`
 * @returns float32 `[prompts, tokens, width]`
 */
export async function encodeIds(
  cache: SessionCache,
  { config }: Checkpoint['textEncoder'],
  tensors: ReadonlyMap<string, TensorEntry>,
  ids: Tensor,
): Promise<Tensor> {
  const session = await cache.get(`text ${ids.shape}`, (graph) => {
    const input = graph.input('ids', 'int32', ids.shape);
    const { lastHiddenState } = buildClipTextModel(frozenWeights(graph, tensors), config, input);
    graph.output('states', lastHiddenState);
  });
  return (await session.run({ ids })).states!;
}

/**
 * @param sample float32 `[n, c, h, w]`
 * @param timesteps float32 `[n]`
 * @param states float32 `[n, tokens, width]`
 * @returns the prediction, shaped like `sample`
 */
export async function predictNoise(
  cache: SessionCache,
  { config }: Checkpoint['unet'],
  tensors: ReadonlyMap<string, TensorEntry>,
  feeds: { sample: Tensor; timesteps: Tensor; states: Tensor },
): Promise<Float32Array> {
  const { sample, timesteps, states } = feeds;
  const session = await cache.get(`unet ${sample.shape} ${states.shape}`, (graph) => {
    const prediction = buildUnet(frozenWeights(graph, tensors), config, {
      sample: graph.input('sample', 'float32', sample.shape),
      timesteps: graph.input('timesteps', 'float32', timesteps.shape),
      encoderHiddenStates: graph.input('states', 'float32', states.shape),
    });
    graph.output('prediction', prediction);
  });
  return (await session.run({ sample, timesteps, states })).prediction!.data as Float32Array;
}

/**
 * @param latents float32 `[n, c, h, w]`, multiplied by the scaling factor
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
  const data = (latents.data as Float32Array).map((value) => value / config.scaling_factor);
  return (await session.run({ latents: { data, shape: latents.shape } })).pixels!;
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
