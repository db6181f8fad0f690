/**
 * @file The table of vector-Jacobian products: for each differentiable op, how the gradient of its
 * output becomes gradients of its inputs. Rules emit ordinary graph ops.
 */
import type { DifferentiableOp } from '../graph/differentiable-ops.ts';
import type { TapeEntry, Value } from '../graph/graph.ts';
import {
  add,
  cast,
  compare,
  div,
  exp,
  mul,
  neg,
  QUICK_GELU_ALPHA,
  sub,
} from '../graph/ops/elementwise.ts';
import { gemm, matMul } from '../graph/ops/linalg.ts';
import { expand, reshape, slice, transpose } from '../graph/ops/movement.ts';
import { reduceMean, reduceSum } from '../graph/ops/reduction.ts';
import { sizeOf } from '../graph/shape.ts';
import { attentionGradients } from './attention-gradients.ts';
import { conv2dInputGrad, conv2dWeightGrad } from './conv-gradients.ts';
import { unbroadcast } from './unbroadcast.ts';

/** A gradient of `[start, end)` along one axis of a tensor; the rest of it is zero. */
export interface PartialGrad {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly grad: Value;
}
export type Grad = Value | PartialGrad;

/**
 * @param entry the application on the tape
 * @param gradOutput gradient of its output
 * @param needs which inputs want a gradient; the others may be left undefined
 * @returns a gradient for each input
 */
export type VjpRule = (
  entry: TapeEntry,
  gradOutput: Value,
  needs: readonly boolean[],
) => (Grad | undefined)[];

/** Calls `grad` only for inputs that want one. */
const each = (needs: readonly boolean[], ...grads: (() => Grad)[]): (Grad | undefined)[] =>
  grads.map((grad, i) => (needs[i] ? grad() : undefined));

const swapLastAxes = (value: Value): Value => {
  const axes = value.shape.map((_, i) => i);
  const rank = axes.length;
  return transpose(value, [...axes.slice(0, -2), rank - 1, rank - 2]);
};

export const vjpRules = {
  Add: ({ inputs: [a, b] }, g, needs) =>
    each(
      needs,
      () => unbroadcast(g, a!.shape),
      () => unbroadcast(g, b!.shape),
    ),

  Sub: ({ inputs: [a, b] }, g, needs) =>
    each(
      needs,
      () => unbroadcast(g, a!.shape),
      () => neg(unbroadcast(g, b!.shape)),
    ),

  Mul: ({ inputs: [a, b] }, g, needs) =>
    each(
      needs,
      () => unbroadcast(mul(g, b!), a!.shape),
      () => unbroadcast(mul(g, a!), b!.shape),
    ),

  Div: ({ inputs: [a, b], output }, g, needs) =>
    each(
      needs,
      () => unbroadcast(div(g, b!), a!.shape),
      () => neg(unbroadcast(div(mul(g, output), b!), b!.shape)),
    ),

  Neg: (_, g) => [neg(g)],

  Abs: ({ inputs: [x] }, g) => {
    const zero = x!.graph.constant(0);
    return [mul(g, sub(compare('GreaterOrEqual', x!, zero), compare('LessOrEqual', x!, zero)))];
  },

  Exp: ({ output }, g) => [mul(g, output)],

  Sqrt: ({ output }, g) => [div(mul(g, 0.5), output)],

  Clip: ({ inputs: [x], attributes: { min, max } }, g) => {
    const { graph } = x!;
    const above = compare('GreaterOrEqual', x!, graph.constant(min as number));
    const below = compare('LessOrEqual', x!, graph.constant(max as number));
    return [mul(g, mul(above, below))];
  },

  Cast: ({ inputs: [x] }, g) => [cast(g, x!.dtype)],

  Sigmoid: ({ output }, g) => [mul(g, mul(output, sub(1, output)))],

  // y = x·s: dy/dx = s + y·(1 − s)
  Silu: ({ output, saved: [gate] }, g) => [mul(g, add(gate!, mul(output, sub(1, gate!))))],

  QuickGelu: ({ output, saved: [gate] }, g) => [
    mul(g, add(gate!, mul(output, sub(QUICK_GELU_ALPHA, mul(gate!, QUICK_GELU_ALPHA))))),
  ],

  // y = x·Φ(x): dy/dx = Φ(x) + x·φ(x)
  Gelu: ({ inputs: [x], saved: [cdf] }, g) => {
    const pdf = mul(exp(mul(mul(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(g, add(cdf!, mul(x!, pdf)))];
  },

  Reshape: ({ inputs: [x] }, g) => [reshape(g, x!.shape)],

  Transpose: ({ attributes: { permutation } }, g) => {
    const axes = permutation as readonly number[];
    return [
      transpose(
        g,
        axes.map((_, i) => axes.indexOf(i)),
      ),
    ];
  },

  Slice: ({ attributes: { axis, start, end } }, g) => [
    { axis: axis as number, start: start as number, end: end as number, grad: g },
  ],

  Concat: ({ inputs, attributes: { axis } }, g, needs) => {
    let start = 0;
    return inputs.map((input, i) => {
      const end = start + input.shape[axis as number]!;
      const grad = needs[i] ? slice(g, axis as number, start, end) : undefined;
      start = end;
      return grad;
    });
  },

  Expand: ({ inputs: [x] }, g) => [unbroadcast(g, x!.shape)],

  // Rows that were taken several times receive the sum.
  Gather: ({ inputs: [table], saved: [indices] }, g) => {
    const { graph, dtype, shape } = table!;
    const count = sizeOf(indices!.shape);
    // WebGPU reshapes no int64.
    const rows = cast(reshape(indices!, [count, 1]), 'int64');
    const updates = reshape(g, [count, ...shape.slice(1)]);
    const zeros = expand(graph.constant(0), shape);
    return graph.emit('ScatterND', [zeros, rows, updates], [{ dtype, shape }], {
      reduction: 'add',
    });
  },

  Pad: ({ inputs: [x], attributes: { pads } }, g) => {
    const [top, left] = pads as readonly [number, number];
    const rank = g.shape.length;
    const [h, w] = x!.shape.slice(-2) as [number, number];
    return [slice(slice(g, rank - 2, top, top + h), rank - 1, left, left + w)];
  },

  UpsampleNearest: ({ inputs: [x] }, g) => {
    const { dtype, shape } = x!;
    const [mean] = g.graph.emit('AveragePool', [g], [{ dtype, shape }], {
      kernel_shape: [2, 2],
      strides: [2, 2],
    });
    return [mul(mean!, 4)];
  },

  ReduceSum: ({ inputs: [x], attributes: { keptShape } }, g) => [
    expand(reshape(g, keptShape as readonly number[]), x!.shape),
  ],

  ReduceMean: ({ inputs: [x], attributes: { keptShape, count } }, g) => [
    expand(reshape(mul(g, 1 / (count as number)), keptShape as readonly number[]), x!.shape),
  ],

  MatMul: ({ inputs: [a, b] }, g, needs) =>
    each(
      needs,
      () => unbroadcast(matMul(g, swapLastAxes(b!)), a!.shape),
      () => unbroadcast(matMul(swapLastAxes(a!), g), b!.shape),
    ),

  Gemm: ({ inputs: [a, b, bias], attributes }, g, needs) => {
    const { transA, transB } = attributes as { transA: boolean; transB: boolean };
    return each(
      needs,
      () =>
        transA ? gemm(b!, g, { transA: transB, transB: true }) : gemm(g, b!, { transB: !transB }),
      () =>
        transB ? gemm(g, a!, { transA: true, transB: transA }) : gemm(a!, g, { transA: !transA }),
      ...(bias ? [() => reduceSum(g, [0])] : []),
    );
  },

  Conv: ({ inputs: [x, weight, bias], attributes }, g, needs) => {
    const { stride, pads } = attributes as {
      stride: number;
      pads: readonly [number, number, number, number];
    };
    return each(
      needs,
      () => conv2dInputGrad(g, weight!, x!.shape, stride, pads),
      () => conv2dWeightGrad(g, x!, weight!.shape, stride, pads),
      ...(bias ? [() => reduceSum(g, [0, 2, 3])] : []),
    );
  },

  Softmax: ({ output }, g) => {
    const weighted = mul(g, output);
    const total = reduceSum(weighted, [-1], true);
    return [sub(weighted, mul(output, total))];
  },

  LogSoftmax: ({ output }, g) => [sub(g, mul(exp(output), reduceSum(g, [-1], true)))],

  ScaledDotProductAttention: attentionGradients,

  LayerNormalization: ({ inputs: [x, scale], saved: [mean, inverseStd] }, g, needs) => {
    const normalized = mul(sub(x!, mean!), inverseStd!);
    const rows = sizeOf(x!.shape) / x!.shape.at(-1)!;
    const sumRows = (value: Value) => reduceSum(reshape(value, [rows, -1]), [0]);
    return each(
      needs,
      () => {
        const gHat = mul(g, scale!);
        const meanG = reduceMean(gHat, [-1], true);
        const meanGX = reduceMean(mul(gHat, normalized), [-1], true);
        return mul(inverseStd!, sub(sub(gHat, meanG), mul(normalized, meanGX)));
      },
      () => sumRows(mul(g, normalized)),
      () => sumRows(g),
    );
  },

  // With x̂ the normalized input, γ the scale and M the row length of a group:
  //   dγ = Σ g·x̂,  dβ = Σ g,  dx = 1/σ · (γg − Σ_group γg / M − x̂ · Σ_group γg·x̂ / M)
  // The group sums are sums of the per-channel sums, so only two passes over the pixels reduce.
  GroupNormalization: (
    { inputs: [x, scale], saved: [normalized, inverseStd], attributes },
    g,
    needs,
  ) => {
    const groups = attributes.groups as number;
    const [n, c, ...spatial] = x!.shape as [number, number, ...number[]];
    const rowLength = (c / groups) * sizeOf(spatial);
    const perChannel = [n, c, ...spatial.map(() => 1)];
    const sumPixels = (value: Value) => reduceSum(reshape(value, [n, c, sizeOf(spatial)]), [2]);
    const sumG = sumPixels(g);
    const sumGX = sumPixels(mul(g, normalized!));
    return each(
      needs,
      () => {
        const groupMean = (channelSums: Value) =>
          mul(
            reduceSum(reshape(mul(channelSums, scale!), [n, groups, c / groups]), [2], true),
            1 / rowLength,
          );
        // [n, groups, 1] spread over the channels of each group
        const spread = (value: Value) =>
          reshape(expand(value, [n, groups, c / groups]), perChannel);
        const factor = mul(spread(inverseStd!), reshape(scale!, [1, c, ...spatial.map(() => 1)]));
        const shift = spread(mul(inverseStd!, groupMean(sumG)));
        const slope = spread(mul(inverseStd!, groupMean(sumGX)));
        return sub(sub(mul(g, factor), mul(normalized!, slope)), shift);
      },
      () => reduceSum(sumGX, [0]),
      () => reduceSum(sumG, [0]),
    );
  },
} satisfies Record<DifferentiableOp, VjpRule>;
