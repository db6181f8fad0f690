import { expect, test } from 'vitest';
import type { Graph } from '../../tensor/graph/graph.ts';
import { mul } from '../../tensor/graph/ops/elementwise.ts';
import { SessionCache } from './session-cache.ts';

const SIZE = 1000;
/** One result of SIZE float32 numbers. */
const BYTES = 4 * SIZE;

/** x ↦ x² */
const square = (graph: Graph) => {
  const x = graph.input('x', 'float32', [SIZE]);
  graph.output('y', mul(x, x));
};
const feeds = { x: { data: new Float32Array(SIZE).fill(3), shape: [SIZE] } };

test('a session is built once for its key', async () => {
  const cache = new SessionCache({ threads: 1 });
  let builds = 0;
  const counting = (graph: Graph) => {
    builds++;
    square(graph);
  };
  await cache.open('a', counting);
  const { y } = await cache.run('a', counting, feeds);
  expect(y!.data[SIZE - 1]).toBe(9);
  expect(builds).toBe(1);
  await cache.run('b', counting, feeds);
  expect(builds).toBe(2);
  await cache.close();
  expect(cache.keys).toEqual([]);
  await cache.run('a', counting, feeds);
  expect(builds).toBe(3);
  await cache.close();
});

test('the least recently used session makes room for a new one, as far as is needed', async () => {
  const cache = new SessionCache({ threads: 1, limitBytes: 2.5 * BYTES });
  await cache.run('a', square, feeds);
  await cache.run('b', square, feeds);
  await cache.run('a', square, feeds);
  expect(cache.keys).toEqual(['b', 'a']);
  await cache.run('c', square, feeds);
  expect(cache.keys).toEqual(['a', 'c']);
  await cache.close();
});

test('a session that is larger than the bound takes the place of all others', async () => {
  const cache = new SessionCache({ threads: 1, limitBytes: BYTES / 2 });
  await cache.run('a', square, feeds);
  const { y } = await cache.run('b', square, feeds);
  expect(y!.data[0]).toBe(9);
  expect(cache.keys).toEqual(['b']);
  await cache.close();
});

test('a bound that is lowered closes what is beyond it, and holds for what comes', async () => {
  const cache = new SessionCache({ threads: 1 });
  for (const key of ['a', 'b', 'c']) await cache.run(key, square, feeds);
  expect(cache.bytes).toBe(3 * BYTES);
  await cache.limitTo(2.5 * BYTES);
  expect(cache.keys).toEqual(['b', 'c']);
  await cache.run('d', square, feeds);
  expect(cache.keys).toEqual(['c', 'd']);
  await cache.limitTo(0);
  expect([cache.keys, cache.bytes]).toEqual([[], 0]);
});

test('a session that runs is not closed under it', async () => {
  const cache = new SessionCache({ threads: 1, limitBytes: BYTES });
  const running = cache.run('a', square, feeds);
  await cache.open('b', square);
  expect((await running).y!.data[0]).toBe(9);
  await cache.close();
});

test('a session that cannot be made is forgotten', async () => {
  const cache = new SessionCache({ threads: 1 });
  await cache.open('other', square);
  const impossible = (graph: Graph) => {
    const x = graph.input('x', 'float32', [2]);
    const [y] = graph.emit('NoSuchOperator', [x], [{ dtype: 'float32', shape: [2] }]);
    graph.output('y', y!);
  };
  await expect(cache.open('a', impossible)).rejects.toThrow('NoSuchOperator');
  expect(cache.keys).toEqual([]);
  await cache.run('a', square, feeds);
  await cache.close();
});
