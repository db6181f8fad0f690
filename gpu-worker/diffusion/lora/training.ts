/** @file Trains an adapter: its first values, its place beside the frozen models, its dropout. */
import type { Graph, Value } from '../../tensor/graph/graph.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import { Philox } from '../../tensor/random/philox.ts';
import type { Feeds } from '../../tensor/runtime/session.ts';
import { type DenoiserModels, frozenDenoiser, UNET } from '../training/denoising-loss.ts';
import {
  adaptedWeights,
  downName,
  type LoraAdapter,
  type LoraLayer,
  listLoraParameters,
  upName,
} from './adapter.ts';

/** Begins the names of the masks' graph inputs. */
const MASK = 'dropout/';
/** Names the purpose of a stream of random numbers. */
const STREAM = { initial: 31, dropout: 32 } as const;
/** More than a step has rows. */
const MAX_ROWS = 65_536;

/**
 * First values of an adapter's tensors: the branch begins at zero.
 *
 * `lora_A` ~ U(−1/√fanIn, 1/√fanIn), which is Kaiming's uniform distribution with a = √5; `lora_B` = 0.
 *
 * @see PEFT `src/peft/tuners/lora/layer.py`, reset_lora_parameters
 */
export function initialLora(
  layers: readonly LoraLayer[],
  seed: number,
): (name: string) => Float32Array {
  const specs = new Map(listLoraParameters(layers).map((spec, i) => [spec.name, { spec, i }]));
  return (name) => {
    const { spec, i } = specs.get(name)!;
    const [rows, ...rest] = spec.shape as [number, ...number[]];
    const fanIn = rest.reduce((product, size) => product * size, 1);
    const values = new Float32Array(rows * fanIn);
    if (name.endsWith('.lora_B.weight')) return values;
    const random = new Philox(seed, STREAM.initial, i);
    const bound = 1 / Math.sqrt(fanIn);
    return values.map(() => (2 * random.uniform() - 1) * bound);
  };
}

/**
 * UNet and text encoder with an adapter that is trained. The base's tensors stay in the checkpoint's
 * file and precision, and no gradient of them is built.
 *
 * @param parameters the adapter's tensors, by the names of `listLoraParameters`
 */
export function trainedLora(
  graph: Graph,
  checkpoint: DenoiserModels,
  layers: readonly LoraLayer[],
  parameters: Weights,
  dropout?: LoraDropout,
): Weights {
  const maskOf = dropout && ((layer: LoraLayer, input: Value) => dropout.mask(layer, input));
  return adaptedWeights(frozenDenoiser(graph, checkpoint), layers, parameters, maskOf);
}

/** Takes the tensors of a trained adapter out of what holds them. */
export function collectLora(
  layers: readonly LoraLayer[],
  parameter: (name: string) => Float32Array,
): LoraAdapter {
  return layers.map((layer) => ({
    ...layer,
    down: parameter(downName(layer.module)).slice(),
    up: parameter(upName(layer.module)).slice(),
  }));
}

/**
 * Dropout of the adapters' inputs, by masks that each step is fed, so that a resumed training sees
 * what it would have seen. A feature is dropped for all tokens (or pixels) of a row together: a mask
 * an element would be thousands of times larger.
 *
 * @see Gal & Ghahramani 2016, https://arxiv.org/abs/1512.05287, on masks that are kept along a sequence
 */
export class LoraDropout {
  readonly #probability: number;
  readonly #shapes = new Map<string, readonly number[]>();

  /** @param probability of a feature to be dropped, in (0, 1) */
  constructor(probability: number) {
    if (!(probability > 0 && probability < 1)) {
      throw new RangeError(`dropout: ${probability} is not a probability in (0, 1)`);
    }
    this.#probability = probability;
  }

  /** Declares a layer's mask as an input of the graph. */
  mask({ module, weightShape }: LoraLayer, input: Value): Value {
    const features = weightShape.length === 4 ? 1 : input.shape.length - 1;
    const shape = input.shape.map((size, axis) => (axis === 0 || axis === features ? size : 1));
    const name = MASK + module;
    this.#shapes.set(name, shape);
    return input.graph.input(name, 'float32', shape);
  }

  /**
   * The masks of a batch: 0, or what keeps the expectation.
   * @param rows numbers of the batch's rows within the step. The text encoders see a row a prompt
   *   instead, the same in every batch of a step.
   */
  feeds(seed: number, step: number, rows: readonly number[]): Feeds {
    const kept = 1 / (1 - this.#probability);
    const masks = [...this.#shapes].map(([name, shape], layer) => {
      const [count, ...rest] = shape as [number, ...number[]];
      const features = rest.reduce((product, size) => product * size, 1);
      const data = new Float32Array(count * features);
      for (let i = 0; i < count; i++) {
        const row = name.startsWith(`${MASK}${UNET}.`) ? rows[i]! : i;
        const random = new Philox(seed, step, STREAM.dropout, layer * MAX_ROWS + row);
        const mask = data.subarray(i * features, (i + 1) * features);
        for (let feature = 0; feature < features; feature++)
          mask[feature] = random.uniform() < this.#probability ? 0 : kept;
      }
      return [name, { data, shape }] as const;
    });
    return Object.fromEntries(masks);
  }
}
