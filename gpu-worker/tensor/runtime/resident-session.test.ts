/** @file State that stays with its session in memory; `resident-session.gpu.test.ts` is about a device. */
import { expect, test } from 'vitest';
import { Graph } from '../graph/graph.ts';
import { add, cast } from '../graph/ops/elementwise.ts';
import { reshape } from '../graph/ops/movement.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { createResidentSession, residentFrom } from './session.ts';

/** next = x + step; beside it, what leaves: the sum of x as float32 and as int32. */
const openAdder = (size: number) => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [size]);
  const step = graph.input('step', 'float32', []);
  graph.output('sum', reduceSum(x));
  graph.output('next', add(x, step));
  graph.output('whole', cast(reshape(reduceSum(x), [1]), 'int32'));
  return createResidentSession(graph, { purpose: 'training', threads: 1 }, ['next']);
};
const step = (value: number) => ({ step: { data: Float32Array.of(value), shape: [] } });

test('what stays is fed again, what leaves is a tensor of its own', async () => {
  const session = await openAdder(3);
  const first = await session.run(step(0.5), { x: residentFrom(Float32Array.of(1, 2, 3)) });
  const second = await session.run(step(1), { x: first.kept.next! });
  expect(first.results.sum!.data).toEqual(Float32Array.of(6));
  expect(second.results.sum!.data).toEqual(Float32Array.of(7.5));
  expect(second.results.whole).toEqual({ data: Int32Array.of(7), shape: [1] });
  expect(Object.keys(second.results)).toEqual(['sum', 'whole']);
  expect(second.kept.next!.data).toEqual(Float32Array.of(2.5, 3.5, 4.5));
  await session.close();
});

test('memory is used again after a release, and only then', async () => {
  const session = await openAdder(3);
  const own = Float32Array.of(1, 2, 3);
  const first = (await session.run(step(1), { x: residentFrom(own) })).kept.next!;
  const second = (await session.run(step(1), { x: first })).kept.next!;
  first.release();
  const third = (await session.run(step(1), { x: second })).kept.next!;
  expect(second.data).toEqual(Float32Array.of(3, 4, 5));
  expect(third.data).toEqual(Float32Array.of(4, 5, 6));
  expect(third.data).toBe(first.data);
  expect(own).toEqual(Float32Array.of(1, 2, 3));
  await session.close();
});

test('results are not copied: a run takes no memory beside its state', async () => {
  const size = 4_000_000;
  const session = await openAdder(size);
  let x = residentFrom(new Float32Array(size));
  const advance = async () => {
    const { next } = (await session.run(step(1), { x })).kept;
    x.release();
    x = next!;
  };
  await advance();
  await advance();
  const before = process.memoryUsage().arrayBuffers;
  await advance();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size);
  expect(x.data[size - 1]).toBe(3);
  await session.close();
});

test('a run that fails says why', async () => {
  const session = await openAdder(3);
  await expect(session.run(step(1), { x: residentFrom(Float32Array.of(1, 2)) })).rejects.toThrow(
    /Got invalid dimensions for input: x/,
  );
  await session.close();
});
