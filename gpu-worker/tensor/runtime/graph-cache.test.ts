/** @file Optimized graphs on disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Graph } from '../graph/graph.ts';
import { mul } from '../graph/ops/elementwise.ts';
import { gemm } from '../graph/ops/linalg.ts';
import { createSession } from './session.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'graphs-'));
  writeFileSync(weightsFile(), Float32Array.of(1, 2, 3, 4));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** x · wᵀ · factor, with w = [[1, 2], [3, 4]] mapped from a file. */
function graphOf(factor: number): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1, 2]);
  const w = graph.initializer('w', 'float32', [2, 2], {
    kind: 'external',
    file: weightsFile(),
    offset: 0,
    byteLength: 16,
  });
  graph.output('y', mul(gemm(x, w, { transB: true }), factor));
  return graph;
}

const weightsFile = () => path.join(dir, 'weights.bin');
const cacheDir = () => path.join(dir, 'cache');

async function run(factor: number): Promise<number[]> {
  const session = await createSession(graphOf(factor), {
    purpose: 'training',
    graphCacheDir: cacheDir(),
  });
  const { y } = await session.run({ x: { data: Float32Array.of(10, 1), shape: [1, 2] } });
  await session.close();
  return [...y!.data];
}

test('the same graph is found again, another one is kept beside it', async () => {
  expect(await run(1)).toEqual([12, 34]);
  const [first] = readdirSync(cacheDir());
  const bytes = readFileSync(path.join(cacheDir(), first!));
  expect(await run(1)).toEqual([12, 34]);
  expect(readdirSync(cacheDir())).toEqual([first]);
  expect(readFileSync(path.join(cacheDir(), first!))).toEqual(bytes);
  expect(await run(2)).toEqual([24, 68]);
  expect(readdirSync(cacheDir())).toHaveLength(2);
});

test('what is found is used', async () => {
  await run(1);
  const [first] = readdirSync(cacheDir());
  await run(3);
  const other = readdirSync(cacheDir()).find((name) => name !== first)!;
  writeFileSync(path.join(cacheDir(), first!), readFileSync(path.join(cacheDir(), other)));
  expect(await run(1)).toEqual([36, 102]);
});

test('a file that was cut off is made again', async () => {
  await run(1);
  const [first] = readdirSync(cacheDir());
  const file = path.join(cacheDir(), first!);
  writeFileSync(file, readFileSync(file).subarray(0, 20));
  expect(await run(1)).toEqual([12, 34]);
});

test('other weights are another graph', async () => {
  await run(1);
  writeFileSync(weightsFile(), Float32Array.of(5, 6, 7, 8, 0));
  expect(await run(1)).toEqual([56, 78]);
  expect(readdirSync(cacheDir())).toHaveLength(2);
});

test('only the last used are kept', async () => {
  for (let factor = 1; factor <= 18; factor++) await run(factor);
  expect(readdirSync(cacheDir())).toHaveLength(16);
});
