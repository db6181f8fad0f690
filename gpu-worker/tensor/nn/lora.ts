/** @file Low-rank adapters of frozen linear layers and convolutions: a narrow branch beside them, or added to their weights. */
import type { Value } from '../graph/graph.ts';
import { conv2d } from '../graph/ops/convolution.ts';
import { add, mul } from '../graph/ops/elementwise.ts';
import { gemm } from '../graph/ops/linalg.ts';
import { reshape } from '../graph/ops/movement.ts';
import { sizeOf } from '../graph/shape.ts';
import type { LayerCall, Weights } from './weights.ts';

/** The tensors of one branch. */
export interface LoraBranch {
  /** `[rank, in]`, or `[rank, c, k, k]` beside a convolution */
  readonly down: Value;
  /** `[out, rank]`, or `[out, rank, 1, 1]` beside a convolution */
  readonly up: Value;
  /** alpha / rank, or 1 where `up` is already multiplied by it. */
  readonly scale: number;
  /** Multiplied onto the input: dropout. */
  readonly mask?: Value;
}

/** Shapes of a branch beside a layer, by the shape of the layer's weight. */
export function loraShapes(weightShape: readonly number[], rank: number) {
  const [out, ...rest] = weightShape as [number, ...number[]];
  return { down: [rank, ...rest], up: rest.length === 1 ? [out, rank] : [out, rank, 1, 1] };
}

/**
 * scale · B·A·x, shaped like the layer's output.
 * @see Hu et al. 2021, section 4.1, https://arxiv.org/abs/2106.09685
 */
export function loraBranch({ input, weightShape, conv }: LayerCall, branch: LoraBranch): Value {
  const { down, up, scale, mask } = branch;
  const kept = mask ? mul(input, mask) : input;
  const scaled = (hidden: Value) => (scale === 1 ? hidden : mul(hidden, scale));
  if (weightShape.length === 4) return conv2d(scaled(conv2d(kept, down, undefined, conv)), up);
  const [outFeatures, inFeatures] = weightShape as [number, number];
  const rows = reshape(kept, [sizeOf(input.shape) / inFeatures, inFeatures]);
  const hidden = scaled(gemm(rows, down, { transB: true }));
  return reshape(gemm(hidden, up, { transB: true }), [...input.shape.slice(0, -1), outFeatures]);
}

/**
 * Puts branches beside the layers of a model.
 * @param branchOf gives the branch beside the layer whose weight has this name, where it has one
 */
export function withLora(
  weights: Weights,
  branchOf: (name: string, layer: LayerCall) => LoraBranch | undefined,
): Weights {
  const adapted: Weights = (name, shape) => weights(name, shape);
  return Object.assign(adapted, {
    branch(name: string, layer: LayerCall) {
      const branch = branchOf(name, layer);
      return branch && loraBranch(layer, branch);
    },
  });
}

/**
 * Adds branches to the weights that they stand beside: W + scale · B·A. For inference: where a layer has more rows
 * than outputs, as most do, one product with the sum is less work than a second branch.
 * @param branchOf gives the branch of the layer whose weight has this name, where it has one
 */
export function withMergedLora(
  weights: Weights,
  branchOf: (name: string) => Omit<LoraBranch, 'mask'> | undefined,
): Weights {
  return (name, shape) => {
    const weight = weights(name, shape);
    const branch = branchOf(name);
    if (!branch) return weight;
    const { down, up, scale } = branch;
    const [out, rank] = up.shape as [number, number];
    const product = gemm(
      reshape(up, [out, rank]),
      reshape(down, [rank, sizeOf(down.shape) / rank]),
    );
    return add(weight, reshape(scale === 1 ? product : mul(product, scale), shape));
  };
}
