import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Graph } from '../../tensor/graph/graph.ts';
import { Philox } from '../../tensor/random/philox.ts';
import type { Feeds, Tensor } from '../../tensor/runtime/session.ts';
import { writeTinyCheckpoint } from '../../testing/tiny-checkpoint.ts';
import { SessionCache } from '../pipelines/session-cache.ts';
import { predictNoise } from '../pipelines/sessions.ts';
import { type Checkpoint, openCheckpoint } from '../weights/diffusers-checkpoint.ts';
import {
  downName,
  type LoraAdapter,
  listLoraParameters,
  mergeAdapters,
  packLora,
  upName,
} from './adapter.ts';
import { listLoraLayers } from './layers.ts';
import { initialLora, LoraDropout } from './training.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'rendition-adapter-'));
let checkpoint: Checkpoint;
beforeAll(() => {
  checkpoint = openCheckpoint(writeTinyCheckpoint(dir, { seed: 4 }));
});
afterAll(() => rmSync(dir, { recursive: true }));

const layersOf = (rank: number, alpha: number) =>
  listLoraLayers(checkpoint, { rank, alpha, targets: ['attention'], trainTextEncoder: false });

/** @param size of the second matrices' values; with 0 the adapter changes nothing */
function adapterOf(seed: number, { size = 1, rank = 2, alpha = 2 } = {}): LoraAdapter {
  const layers = layersOf(rank, alpha);
  const down = initialLora(layers, seed);
  return layers.map((layer, i) => ({
    ...layer,
    down: down(downName(layer.module)),
    up: new Philox(seed, i).normals(down(upName(layer.module)).length).map((value) => value * size),
  }));
}

/** Counts how often a session had to be built. */
class CountingCache extends SessionCache {
  builds = 0;
  override run(key: string, build: (graph: Graph) => void, feeds: Feeds) {
    const counting = (graph: Graph) => {
      this.builds++;
      build(graph);
    };
    return super.run(key, counting, feeds);
  }
}

const normals = (shape: readonly number[], stream: number): Tensor => ({
  data: new Philox(1, stream).normals(shape.reduce((product, n) => product * n, 1)),
  shape,
});

test('another subject needs no other session, and each gets its own prediction', async () => {
  const cache = new CountingCache({ threads: 1 });
  const predict = (adapter?: LoraAdapter) =>
    predictNoise(
      cache,
      checkpoint.unet,
      checkpoint.unet.tensors,
      {
        sample: normals([1, 4, 16, 16], 1),
        timesteps: { data: Float32Array.of(500), shape: [1] },
        states: normals([1, 5, 16], 2),
      },
      adapter && packLora(adapter).unet,
    );
  const [one, other] = [adapterOf(1), adapterOf(2)];
  const first = await predict(one);
  const second = await predict(other);
  expect(cache.builds).toBe(1);
  expect(await predict(one)).toEqual(first);
  expect(second).not.toEqual(first);

  // Twice the alpha is twice the second matrix; the same session takes both.
  const doubled = await predict(one.map((layer) => ({ ...layer, alpha: 2 * layer.alpha })));
  expect(doubled).toEqual(
    await predict(one.map((layer) => ({ ...layer, up: layer.up.map((value) => 2 * value) }))),
  );
  expect(cache.builds).toBe(1);

  const base = await predict();
  const silent = await predict(adapterOf(3, { size: 0 }));
  expect(cache.builds).toBe(2);
  for (const [i, value] of silent.entries()) expect(value).toBeCloseTo(base[i]!, 5);
  await predict(adapterOf(4, { rank: 3 }));
  expect(cache.builds).toBe(3);
  await cache.close();
});

test('two adapters joined predict what their branches do together', async () => {
  const cache = new SessionCache({ threads: 1 });
  const predict = async (adapter: LoraAdapter) => {
    const feeds = {
      sample: normals([1, 4, 16, 16], 1),
      timesteps: { data: Float32Array.of(500), shape: [1] },
      states: normals([1, 5, 16], 2),
    };
    const { unet } = checkpoint;
    return predictNoise(cache, unet, unet.tensors, feeds, packLora(adapter).unet);
  };
  const distance = (a: Float32Array, b: Float32Array) =>
    Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);
  const one = adapterOf(1, { rank: 2, alpha: 3 });
  const other = adapterOf(2, { rank: 3, alpha: 2 });
  const joined = mergeAdapters([one, other]);
  expect(joined.map(({ rank, alpha }) => [rank, alpha])).toEqual(one.map(() => [5, 5]));

  // The branches as one matrix each, s·B·A, in which the ranks are gone.
  const product = ({ up, down, rank, alpha, weightShape }: LoraAdapter[number]) => {
    const [rows = 0] = weightShape;
    const columns = down.length / rank;
    return Float32Array.from({ length: rows * columns }, (_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      let sum = 0;
      for (let i = 0; i < rank; i++) sum += up[row * rank + i]! * down[i * columns + column]!;
      return (alpha / rank) * sum;
    });
  };
  for (const [i, layer] of joined.entries()) {
    const [a, b] = [product(one[i]!), product(other[i]!)];
    expect(
      distance(
        product(layer),
        a.map((value, at) => value + b[at]!),
      ),
    ).toBeLessThan(1e-6);
  }

  // One that changes nothing leaves the other as it is; one that changes something does not.
  const alone = await predict(one);
  const withSilent = await predict(mergeAdapters([one, adapterOf(3, { size: 0 })]));
  expect(distance(withSilent, alone)).toBeLessThan(1e-5);
  expect(distance(await predict(joined), alone)).toBeGreaterThan(1e-3);
  await cache.close();
});

test('an adapter that stands beside layers which another leaves alone keeps them', () => {
  const one = adapterOf(1);
  const other = adapterOf(2).slice(0, 1);
  const joined = mergeAdapters([other, one]);
  expect(joined).toHaveLength(one.length);
  expect(joined.slice(1)).toEqual(one.slice(1));
});

test('an adapter begins at zero, its first matrix within 1/√fanIn', () => {
  const layers = layersOf(8, 8);
  const initial = initialLora(layers, 5);
  for (const { name, shape } of listLoraParameters(layers)) {
    const values = initial(name);
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    if (name.endsWith('lora_B.weight')) expect(largest).toBe(0);
    else {
      expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(shape[1]!));
      expect(largest).toBeGreaterThan(0.5 / Math.sqrt(shape[1]!));
    }
  }
  const { name } = listLoraParameters(layers)[0]!;
  expect(initialLora(layers, 5)(name)).toEqual(initial(name));
  expect(initialLora(layers, 6)(name)).not.toEqual(initial(name));
});

test('dropout masks depend on seed, step, layer and row alone, and keep the expectation', () => {
  const graph = new Graph();
  const dropout = new LoraDropout(0.25);
  const [first, second] = layersOf(2, 2);
  const rows = graph.input('rows', 'float32', [3, 7, 400]);
  const pixels = graph.input('pixels', 'float32', [3, 400, 5, 5]);
  dropout.mask({ ...first!, weightShape: [8, 400] }, rows);
  dropout.mask({ ...second!, weightShape: [8, 400, 3, 3] }, pixels);

  const masks = Object.values(dropout.feeds(9, 4, [0, 1, 2]));
  expect(masks.map(({ shape }) => shape)).toEqual([
    [3, 1, 400],
    [3, 400, 1, 1],
  ]);
  for (const { data } of masks) {
    expect(new Set(data)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    const mean = [...data].reduce((sum, value) => sum + value, 0) / data.length;
    expect(mean).toBeGreaterThan(0.9);
    expect(mean).toBeLessThan(1.1);
  }
  expect(Object.values(dropout.feeds(9, 4, [0, 1, 2]))).toEqual(masks);
  expect(Object.values(dropout.feeds(9, 5, [0, 1, 2]))).not.toEqual(masks);
  expect(masks[0]!.data).not.toEqual(masks[1]!.data);
  const [other] = Object.values(dropout.feeds(9, 4, [2, 7, 0]));
  const row = (data: Tensor['data'], i: number) => data.subarray(i * 400, (i + 1) * 400);
  expect(row(other!.data, 0)).toEqual(row(masks[0]!.data, 2));
  expect(row(other!.data, 2)).toEqual(row(masks[0]!.data, 0));
  expect(row(other!.data, 1)).not.toEqual(row(masks[0]!.data, 1));
  expect(() => new LoraDropout(1)).toThrow(RangeError);
});
