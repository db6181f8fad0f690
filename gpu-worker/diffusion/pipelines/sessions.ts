/** @file What each model's session is built of, and what it is fed. */
import type { Graph } from '../../tensor/graph/graph.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import type { Tensor } from '../../tensor/runtime/session.ts';
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
import type { SessionCache } from './session-cache.ts';

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
  const build = (graph: Graph) => {
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
  };
  const feeds = { ids, ...(textEncoder2 && { ids2: ids2! }), ...lora?.feeds };
  const key = `text ${ids.shape} ${lora?.layout}`;
  const { promptStates, promptPooled } = await cache.run(key, build, feeds);
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

/** Sizes of what a UNet is fed. */
type UnetShapes = { readonly [Name in keyof UnetFeeds]: Pick<Tensor, 'shape'> };

/**
 * Opens the session that {@link predictNoise} runs with feeds of these shapes.
 * @param lora the UNet's part of a subject's adapter
 */
export async function openUnet(
  cache: SessionCache,
  unet: Checkpoint['unet'],
  tensors: ReadonlyMap<string, TensorEntry>,
  shapes: UnetShapes,
  lora?: PackedLora,
): Promise<void> {
  const { key, build } = unetSession(unet, tensors, shapes, lora);
  await cache.open(key, build);
}

/** @returns the prediction, shaped like `sample`; parameters as of {@link openUnet} */
export async function predictNoise(
  cache: SessionCache,
  unet: Checkpoint['unet'],
  tensors: ReadonlyMap<string, TensorEntry>,
  feeds: UnetFeeds,
  lora?: PackedLora,
): Promise<Float32Array> {
  const { key, build } = unetSession(unet, tensors, feeds, lora);
  const { prediction } = await cache.run(key, build, { ...feeds, ...lora?.feeds });
  return prediction!.data as Float32Array;
}

function unetSession(
  { config }: Checkpoint['unet'],
  tensors: ReadonlyMap<string, TensorEntry>,
  { sample, timesteps, states, pooled, timeIds }: UnetShapes,
  lora: PackedLora | undefined,
) {
  const build = (graph: Graph) => {
    const weights = adapter(graph, lora)(frozenWeights(graph, tensors), UNET);
    const input = (name: string, { shape }: Pick<Tensor, 'shape'>) =>
      graph.input(name, 'float32', shape);
    const prediction = buildUnet(weights, config, {
      sample: input('sample', sample),
      timesteps: input('timesteps', timesteps),
      encoderHiddenStates: input('states', states),
      ...(pooled &&
        timeIds && {
          addition: { textEmbeds: input('pooled', pooled), timeIds: input('timeIds', timeIds) },
        }),
    });
    graph.output('prediction', prediction);
  };
  return { key: `unet ${sample.shape} ${states.shape} ${lora?.layout}`, build };
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
  const { data, shape } = latents;
  const build = (graph: Graph) => {
    const input = graph.input('latents', 'float32', shape);
    graph.output('pixels', buildVaeDecoder(frozenWeights(graph, tensors), config, input));
  };
  const decoded = latentsForDecoder(config, data as Float32Array, shape[2]! * shape[3]!);
  const feeds = { latents: { data: decoded, shape } };
  return (await cache.run(`decoder ${shape}`, build, feeds)).pixels!;
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
  const build = (graph: Graph) => {
    const input = graph.input('pixels', 'float32', pixels.shape);
    const { mean, logvar } = buildVaeEncoder(frozenWeights(graph, tensors), config, input);
    graph.output('mean', mean);
    graph.output('logvar', logvar);
  };
  const results = await cache.run(`encoder ${pixels.shape}`, build, { pixels });
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
