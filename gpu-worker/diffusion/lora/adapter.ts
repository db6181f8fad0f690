/** @file A LoRA adapter of UNet and text encoders: the layers it stands beside, and its tensors. */
import { createHash } from 'node:crypto';
import type { Graph, Value } from '../../tensor/graph/graph.ts';
import { type LoraBranch, loraShapes, withLora, withMergedLora } from '../../tensor/nn/lora.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import { ParameterBank, type ParameterSpec } from '../../tensor/optim/parameter-bank.ts';
import type { Feeds } from '../../tensor/runtime/session.ts';
import { TEXT_ENCODER, UNET } from '../training/denoising-loss.ts';

/** A linear layer or convolution that an adapter may stand beside. */
export interface AdaptableLayer {
  /** Model and module as the checkpoint spells them: `unet.mid_block.….to_q`, `text_encoder.….q_proj`. */
  readonly module: string;
  /** `[out, in]`, or `[out, c, k, k]` of a convolution */
  readonly weightShape: readonly number[];
}

/** A layer with an adapter beside it. */
export interface LoraLayer extends AdaptableLayer {
  readonly rank: number;
  /** The branch is multiplied by alpha / rank. */
  readonly alpha: number;
}

/** An adapter's layer with its tensors. */
export interface LoraLayerTensors extends LoraLayer {
  /** float32 `[rank, in]` or `[rank, c, k, k]` */
  readonly down: Float32Array;
  /** float32 `[out, rank]` or `[out, rank, 1, 1]` */
  readonly up: Float32Array;
}

/** A whole adapter, of one model or several. */
export type LoraAdapter = readonly LoraLayerTensors[];

/** The model that a module is of: `unet`, `text_encoder` or `text_encoder_2`. */
export const modelOf = (module: string): string => module.slice(0, module.indexOf('.'));

/** Names of a layer's two tensors, as PEFT spells them. */
export const downName = (module: string): string => `${module}.lora_A.weight`;
export const upName = (module: string): string => `${module}.lora_B.weight`;

/** An adapter's tensors as trainable parameters; the text encoders have a learning rate of their own. */
export function listLoraParameters(layers: readonly LoraLayer[]): ParameterSpec[] {
  return layers.flatMap(({ module, weightShape, rank }) => {
    const { down, up } = loraShapes(weightShape, rank);
    const lrClass = modelOf(module) === UNET ? UNET : TEXT_ENCODER;
    return [
      { name: downName(module), shape: down, lrClass },
      { name: upName(module), shape: up, lrClass },
    ];
  });
}

/** Layers by the names of their weights. */
const byWeight = (layers: readonly LoraLayer[]): ReadonlyMap<string, LoraLayer> =>
  new Map(layers.map((layer) => [`${layer.module}.weight`, layer]));

function branchOf({ module, weightShape, rank }: LoraLayer, parameters: Weights, scale: number) {
  const { down, up } = loraShapes(weightShape, rank);
  return {
    down: parameters(downName(module), down),
    up: parameters(upName(module), up),
    scale,
  };
}

/**
 * Puts an adapter beside the layers of a model.
 * @param base the model's own tensors, called `<model>.…`
 * @param parameters gives the adapter's tensors by the names of {@link listLoraParameters}
 * @param maskOf dropout of a layer's input
 */
export function adaptedWeights(
  base: Weights,
  layers: readonly LoraLayer[],
  parameters: Weights,
  maskOf?: (layer: LoraLayer, input: Value) => Value,
): Weights {
  const known = byWeight(layers);
  return withLora(base, (name, { input }): LoraBranch | undefined => {
    const layer = known.get(name);
    if (!layer) return undefined;
    const branch = branchOf(layer, parameters, layer.alpha / layer.rank);
    return { ...branch, ...(maskOf && { mask: maskOf(layer, input) }) };
  });
}

/** Puts a tensor of a layer's adapter where it belongs: float32, as many elements as the tensor has. */
type FillTensor<Layer> = (layer: Layer, tensor: 'down' | 'up', into: Float32Array) => void;

/**
 * Layers of an adapter, packed as the graph inputs of a sampling session. Sessions take any adapter
 * with the same {@link layout}, so switching to another subject rebuilds nothing.
 */
export class PackedLora {
  /** Changes with the layers and their ranks. */
  readonly layout: string;
  readonly feeds: Feeds;
  readonly #layers: readonly LoraLayer[];
  readonly #bank: ParameterBank;

  private constructor(layers: readonly LoraLayer[], bank: ParameterBank, arrays: Float32Array[]) {
    this.#layers = layers;
    this.#bank = bank;
    const text = layers.map(({ module, rank }) => `${module}:${rank}`).join();
    this.layout = createHash('sha256').update(text).digest('hex').slice(0, 16);
    this.feeds = Object.fromEntries(
      bank.groups.map(({ name, size }, i) => [
        `param/${name}`,
        { data: arrays[i]!, shape: [size] },
      ]),
    );
  }

  /** Packs the layers' tensors; alpha / rank is multiplied into the second one, so that no graph depends on it. */
  static of<Layer extends LoraLayer>(layers: readonly Layer[], fill: FillTensor<Layer>) {
    const bank = new ParameterBank(listLoraParameters(layers));
    const arrays = bank.allocate();
    for (const layer of layers) {
      fill(layer, 'down', bank.view(arrays, downName(layer.module)));
      const up = bank.view(arrays, upName(layer.module));
      fill(layer, 'up', up);
      const scale = layer.alpha / layer.rank;
      if (scale !== 1) for (let i = 0; i < up.length; i++) up[i]! *= scale;
    }
    return new PackedLora(layers, bank, arrays);
  }

  /**
   * Declares the tensors as inputs of a graph.
   * @returns adds them to the weights of a model, whose tensors are called as in its checkpoint
   */
  declare(graph: Graph): (base: Weights, model: string) => Weights {
    const { weights } = this.#bank.declare(graph);
    const known = byWeight(this.#layers);
    return (base, model) =>
      withMergedLora(base, (name) => {
        const layer = known.get(`${model}.${name}`);
        return layer && branchOf(layer, weights, 1);
      });
  }
}

/** An adapter as the sessions of a pipeline take it; a part without layers is absent. */
export interface SessionLora {
  readonly unet?: PackedLora;
  readonly text?: PackedLora;
}

/** Packs an adapter, once for all sessions that it is used in. */
export const packLora = (adapter: LoraAdapter): SessionLora =>
  packLayers(adapter, (layer, tensor, into) => into.set(layer[tensor]));

/** Packs an adapter whose tensors are still to be read. */
export function packLayers<Layer extends LoraLayer>(
  layers: readonly Layer[],
  fill: FillTensor<Layer>,
): SessionLora {
  const unet = layers.filter(({ module }) => modelOf(module) === UNET);
  const text = layers.filter(({ module }) => modelOf(module) !== UNET);
  return {
    ...(unet.length > 0 && { unet: PackedLora.of(unet, fill) }),
    ...(text.length > 0 && { text: PackedLora.of(text, fill) }),
  };
}

/**
 * Joins adapters into one that does what each of them does: its branch of a layer is the sum of theirs, since
 * `[s₁·B₁ s₂·B₂]·[A₁; A₂] = s₁·B₁·A₁ + s₂·B₂·A₂` with s = alpha / rank.
 */
export function mergeAdapters(adapters: readonly LoraAdapter[]): LoraAdapter {
  const byModule = new Map<string, LoraLayerTensors[]>();
  for (const layer of adapters.flat()) {
    byModule.set(layer.module, [...(byModule.get(layer.module) ?? []), layer]);
  }
  return [...byModule.values()].map(mergeLayer);
}

function mergeLayer(parts: readonly LoraLayerTensors[]): LoraLayerTensors {
  const { module, weightShape } = parts[0]!;
  const rank = parts.reduce((sum, part) => sum + part.rank, 0);
  const rows = weightShape[0]!;
  const down = new Float32Array(parts.reduce((sum, part) => sum + part.down.length, 0));
  const up = new Float32Array(rows * rank);
  let column = 0;
  let offset = 0;
  for (const part of parts) {
    down.set(part.down, offset);
    const scale = part.alpha / part.rank;
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < part.rank; i++) {
        up[row * rank + column + i] = scale * part.up[row * part.rank + i]!;
      }
    }
    column += part.rank;
    offset += part.down.length;
  }
  return { module, weightShape, rank, alpha: rank, down, up };
}
