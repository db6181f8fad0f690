/** @file Segments that are computed again: the same gradients, with less kept. */
import { expect, test } from 'vitest';
import { Graph, type Value } from '../graph/graph.ts';
import { mul, silu, sub } from '../graph/ops/elementwise.ts';
import { gemm } from '../graph/ops/linalg.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { Philox } from '../random/philox.ts';
import { createSession, type Tensor } from '../runtime/session.ts';
import { backward } from './backward.ts';

const WIDTH = 8;
const LAYERS = 3;

/** Loss Σ (y − 1)² of a few layers, with the gradients of input and weights as outputs. */
function layered(checkpointed: boolean): Graph {
  const graph = new Graph();
  const leaves = [graph.input('x', 'float32', [4, WIDTH])];
  let hidden = leaves[0]!;
  for (let i = 0; i < LAYERS; i++) {
    const weight = graph.input(`w${i}`, 'float32', [WIDTH, WIDTH]);
    leaves.push(weight);
    const before = hidden;
    const layer = (): Value => mul(silu(gemm(before, weight, { transB: true })), before);
    hidden = checkpointed ? graph.checkpoint([before], layer) : layer();
  }
  const error = sub(hidden, 1);
  const loss = reduceSum(mul(error, error));
  graph.output('loss', loss);
  for (const [i, grad] of backward(loss, leaves).entries()) graph.output(`g${i}`, grad);
  return graph;
}

async function run(graph: Graph, x = new Philox(1).normals(4 * WIDTH)) {
  const session = await createSession(graph, { purpose: 'training', threads: 1 });
  const feeds: Record<string, Tensor> = { x: { data: x, shape: [4, WIDTH] } };
  for (let i = 0; i < LAYERS; i++)
    feeds[`w${i}`] = { data: new Philox(2, i).normals(WIDTH * WIDTH), shape: [WIDTH, WIDTH] };
  const results = await session.run(feeds);
  await session.close();
  return results;
}

test('gradients are the same to the bit, and each layer is computed twice', async () => {
  const plain = layered(false);
  const checkpointed = layered(true);
  const expected = await run(plain);
  const actual = await run(checkpointed);
  for (const name of Object.keys(expected))
    expect(actual[name]!.data).toEqual(expected[name]!.data);
  expect(checkpointed.nodeCount()).toBeGreaterThan(plain.nodeCount() + LAYERS * 3);
});

test('a gradient that is not a number leaves what is computed again as it was', async () => {
  // An infinite input makes the loss and its gradient NaN; the recomputation must not add to that.
  const x = new Philox(1).normals(4 * WIDTH);
  x[0] = Number.POSITIVE_INFINITY;
  const expected = await run(layered(false), x);
  const actual = await run(layered(true), x);
  expect(actual.loss!.data).toEqual(expected.loss!.data);
  expect(actual.g0!.data).toEqual(expected.g0!.data);
});

test('segments do not nest', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [2, 2]);
  const nested = () => graph.checkpoint([x], () => silu(graph.checkpoint([x], () => silu(x))));
  expect(nested).toThrow('segments do not nest');
});
