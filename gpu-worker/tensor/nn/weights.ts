/** @file How a layer asks for its tensors, whoever holds them. */
import type { Value } from '../graph/graph.ts';
import type { ConvOptions } from '../graph/ops/convolution.ts';

/** Holds the tensors of a model. */
export interface Weights {
  /**
   * Gives the tensor called `name`.
   * @throws when it is missing or has another shape
   */
  (name: string, shape: readonly number[]): Value;
  /** What is added to the output of the layer whose weight is called `name`: an adapter's part. */
  readonly branch?: (name: string, layer: LayerCall) => Value | undefined;
}

/** A linear layer or convolution as it meets its input. */
export interface LayerCall {
  /** `[…, in]`, or `[n, c, h, w]` of a convolution */
  readonly input: Value;
  /** `[out, in]`, or `[out, c, k, k]` of a convolution */
  readonly weightShape: readonly number[];
  /** Stride and padding; convolutions only. */
  readonly conv?: ConvOptions;
}

/** The weights of a submodule: `scoped(w, 'mid_block')('conv.weight', …)` asks for `mid_block.conv.weight`. */
export function scoped(weights: Weights, prefix: string): Weights {
  const inner: Weights = (name, shape) => weights(`${prefix}.${name}`, shape);
  const { branch } = weights;
  if (!branch) return inner;
  return Object.assign(inner, {
    branch: (name: string, layer: LayerCall) => branch(`${prefix}.${name}`, layer),
  });
}
