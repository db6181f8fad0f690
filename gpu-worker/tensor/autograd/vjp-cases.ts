/** @file A small case or more for each differentiable op, for tests of its rule: an op without one does not compile. */
import type { DifferentiableOp } from '../graph/differentiable-ops.ts';
import { Graph, type Value } from '../graph/graph.ts';
import { scaledDotProductAttention } from '../graph/ops/attention.ts';
import { conv2d } from '../graph/ops/convolution.ts';
import {
  abs,
  add,
  cast,
  clip,
  div,
  exp,
  gelu,
  mul,
  neg,
  quickGelu,
  sigmoid,
  silu,
  sqrt,
  sub,
} from '../graph/ops/elementwise.ts';
import { gemm, matMul } from '../graph/ops/linalg.ts';
import {
  chunk,
  concat,
  expand,
  gather,
  padSpatial,
  reshape,
  slice,
  transpose,
  upsampleNearest,
} from '../graph/ops/movement.ts';
import { groupNorm, layerNorm, logSoftmax, softmax } from '../graph/ops/normalization.ts';
import { reduceMean, reduceSum } from '../graph/ops/reduction.ts';
import { sizeOf } from '../graph/shape.ts';
import { Philox } from '../random/philox.ts';
import { createSession, type ExecutionProvider, type Tensor } from '../runtime/session.ts';
import { backward } from './backward.ts';

export interface VjpCase {
  readonly name?: string;
  readonly inputs: readonly (readonly number[])[];
  readonly build: (...inputs: Value[]) => Value;
  /** Turns a standard normal draw into a value of the op's domain. */
  readonly domain?: (x: number) => number;
}

const positive = (x: number) => Math.abs(x) + 0.5;
const awayFromZero = (x: number) => x + Math.sign(x) * 0.2;

/** Embeds row indices 2, 0, 2, 1: one row is taken twice. */
const indices = (graph: Graph) =>
  graph.initializer('indices', 'int32', [2, 2], {
    kind: 'inline',
    bytes: new Uint8Array(Int32Array.of(2, 0, 2, 1).buffer),
  });

export const VJP_CASES: Record<DifferentiableOp, readonly VjpCase[]> = {
  Add: [{ inputs: [[2, 3], [3]], build: (a, b) => add(a, b) }],
  Sub: [
    {
      inputs: [
        [2, 3],
        [2, 1],
      ],
      build: (a, b) => sub(a, b),
    },
    { name: 'number first', inputs: [[3]], build: (a) => sub(2, a) },
  ],
  Mul: [
    {
      inputs: [
        [2, 1, 3],
        [4, 1],
      ],
      build: (a, b) => mul(a, b),
    },
    { name: 'a square', inputs: [[5]], build: (a) => mul(a, a) },
  ],
  Div: [{ inputs: [[2, 3], [3]], build: (a, b) => div(a, b), domain: positive }],
  Neg: [{ inputs: [[3]], build: neg }],
  Abs: [{ inputs: [[6]], build: abs, domain: awayFromZero }],
  Exp: [{ inputs: [[2, 3]], build: exp }],
  Sqrt: [{ inputs: [[2, 3]], build: sqrt, domain: positive }],
  Clip: [
    {
      inputs: [[12]],
      build: (a) => clip(a, -0.35, 0.35),
      domain: (x) => (Math.abs(Math.abs(x) - 0.35) < 0.1 ? 0 : x),
    },
  ],
  Cast: [{ inputs: [[3]], build: (a) => cast(cast(mul(a, 2), 'float32'), 'float32') }],
  Sigmoid: [{ inputs: [[2, 3]], build: sigmoid }],
  Silu: [{ inputs: [[2, 3]], build: silu }],
  QuickGelu: [{ inputs: [[2, 3]], build: quickGelu }],
  Gelu: [{ inputs: [[2, 3]], build: gelu }],
  Reshape: [{ inputs: [[2, 6]], build: (a) => reshape(a, [3, -1]) }],
  Transpose: [{ inputs: [[2, 3, 4]], build: (a) => transpose(a, [2, 0, 1]) }],
  Slice: [
    { inputs: [[2, 5]], build: (a) => slice(a, 1, 1, 4) },
    {
      name: 'parts that cover, overlap and leave gaps',
      inputs: [[2, 6]],
      build: (a) => {
        const [left, right] = chunk(a, 1, 2);
        return add(mul(left!, right!), mul(slice(a, 1, 2, 5), 3));
      },
    },
  ],
  Concat: [
    {
      inputs: [
        [2, 1],
        [2, 3],
      ],
      build: (a, b) => concat([a, b, a], 1),
    },
  ],
  Expand: [{ inputs: [[2, 1, 1]], build: (a) => expand(a, [3, 2, 4, 1]) }],
  Gather: [{ inputs: [[3, 4]], build: (a) => gather(a, indices(a.graph)) }],
  Pad: [{ inputs: [[1, 2, 2, 3]], build: (a) => padSpatial(a, [1, 0, 2, 1]) }],
  UpsampleNearest: [{ inputs: [[1, 2, 2, 3]], build: upsampleNearest }],
  ReduceSum: [
    { inputs: [[2, 3, 4]], build: (a) => reduceSum(a, [0, 2]) },
    { name: 'kept axis', inputs: [[2, 3]], build: (a) => reduceSum(a, [-1], true) },
  ],
  ReduceMean: [{ inputs: [[2, 3, 4]], build: (a) => reduceMean(a, [1]) }],
  MatMul: [
    {
      inputs: [
        [2, 3, 4],
        [2, 4, 2],
      ],
      build: matMul,
    },
    {
      name: 'broadcast batch',
      inputs: [
        [2, 3, 4],
        [4, 2],
      ],
      build: matMul,
    },
  ],
  Gemm: (
    [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ] as const
  ).map(([transA, transB]) => ({
    name: `transA ${transA}, transB ${transB}`,
    inputs: [transA ? [4, 3] : [3, 4], transB ? [2, 4] : [4, 2], [2]],
    build: (a: Value, b: Value, bias: Value) => gemm(a, b, { transA, transB, bias }),
  })),
  Conv: [
    {
      name: '3×3',
      inputs: [[2, 3, 5, 4], [2, 3, 3, 3], [2]],
      build: (x, w, b) => conv2d(x, w, b, { pads: [1, 1, 1, 1] }),
    },
    { name: '1×1', inputs: [[2, 3, 2, 3], [4, 3, 1, 1], [4]], build: (x, w, b) => conv2d(x, w, b) },
    {
      name: 'without padding',
      inputs: [
        [1, 2, 4, 5],
        [2, 2, 3, 3],
      ],
      build: (x, w) => conv2d(x, w),
    },
    {
      name: 'channels that WebGPU would misread',
      inputs: [
        [1, 6, 3, 2],
        [4, 6, 3, 3],
      ],
      build: (x, w) => conv2d(x, w, undefined, { pads: [1, 1, 1, 1] }),
    },
    {
      name: 'stride 2',
      inputs: [[2, 2, 6, 6], [3, 2, 3, 3], [3]],
      build: (x, w, b) => conv2d(x, w, b, { stride: 2, pads: [1, 1, 1, 1] }),
    },
    {
      name: 'stride 2, odd size',
      inputs: [
        [1, 2, 5, 7],
        [2, 2, 3, 3],
      ],
      build: (x, w) => conv2d(x, w, undefined, { stride: 2, pads: [1, 1, 1, 1] }),
    },
    {
      name: 'stride 2, padded on the far sides',
      inputs: [
        [1, 2, 6, 6],
        [2, 2, 3, 3],
      ],
      build: (x, w) => conv2d(x, w, undefined, { stride: 2, pads: [0, 0, 1, 1] }),
    },
  ],
  Softmax: [{ inputs: [[2, 3, 4]], build: softmax }],
  LogSoftmax: [{ inputs: [[2, 3, 4]], build: logSoftmax }],
  ScaledDotProductAttention: [
    {
      name: 'two heads at once',
      inputs: [
        [5, 3, 2],
        [5, 4, 2],
        [5, 4, 2],
      ],
      build: (q, k, v) => scaledDotProductAttention(q, k, v, 0.7, 2 * 3 * 4),
    },
    {
      name: 'two queries of a head at once',
      inputs: [
        [2, 5, 2],
        [2, 3, 2],
        [2, 3, 2],
      ],
      build: (q, k, v) => scaledDotProductAttention(q, k, v, 0.7, 2 * 3),
    },
  ],
  LayerNormalization: [
    { inputs: [[2, 3, 6], [6], [6]], build: (x, s, b) => layerNorm(x, s, b, 1e-5) },
  ],
  GroupNormalization: [
    { inputs: [[2, 6, 2, 3], [6], [6]], build: (x, s, b) => groupNorm(x, s, b, 3, 1e-5) },
  ],
};

/**
 * Loss: Σ output · fixed weights, so that every output element matters differently.
 * @returns a session with the outputs `weighted`, whose sum is the loss, and `g0`, `g1` … for each input
 */
export async function prepareVjpCase(
  { inputs, build, domain = (x) => x }: VjpCase,
  provider: ExecutionProvider,
) {
  const graph = new Graph();
  const values = inputs.map((shape, i) => graph.input(`x${i}`, 'float32', shape));
  const output = build(...values);
  const weights = graph.constant([...new Philox(5).normals(sizeOf(output.shape))], output.shape);
  const loss = reduceSum(mul(output, weights));
  for (const [i, grad] of backward(loss, values).entries()) {
    graph.output(`g${i}`, grad);
  }
  graph.output('weighted', mul(output, weights));
  const session = await createSession(graph, { provider, purpose: 'training', threads: 1 });
  const feeds: Record<string, Tensor> = {};
  for (const [i, shape] of inputs.entries()) {
    feeds[`x${i}`] = { data: new Philox(3, i).normals(sizeOf(shape)).map(domain), shape };
  }
  return { session, feeds };
}
