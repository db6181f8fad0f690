/** @file State that stays in the buffers of a WebGPU device. */
import { beforeEach, expect, test } from 'vitest';
import { whyNoWebgpu } from '../../testing/webgpu.ts';
import { Graph } from '../graph/graph.ts';
import { add, mul } from '../graph/ops/elementwise.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { Trainer } from '../optim/trainer.ts';
import { createResidentSession, residentFrom } from './session.ts';

const reason = await whyNoWebgpu();
beforeEach(({ skip }) => skip(reason !== undefined, reason));

const openAdder = (size: number) => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [size]);
  const step = graph.input('step', 'float32', []);
  graph.output('next', add(x, step));
  graph.output('sum', reduceSum(x));
  return createResidentSession(graph, { provider: 'webgpu', purpose: 'training' }, ['next']);
};
const step = (value: number) => ({ step: { data: Float32Array.of(value), shape: [] } });

test('what stays cannot be read before it is downloaded, and is fed again', async () => {
  const session = await openAdder(3);
  const first = await session.run(step(0.5), { x: residentFrom(Float32Array.of(1, 2, 3)) });
  expect(() => first.kept.next!.data).toThrow('download them first');
  const second = await session.run(step(1), { x: first.kept.next! });
  expect(second.results).toEqual({ sum: { data: Float32Array.of(7.5), shape: [] } });
  await second.kept.next!.download();
  expect(second.kept.next!.data).toEqual(Float32Array.of(2.5, 3.5, 4.5));
  await session.close();
});

test('a state of any length goes round in the device, and no copy of it comes into memory', async () => {
  const size = 8_000_000;
  const session = await openAdder(size);
  let x = residentFrom(new Float32Array(size));
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 20; i++) {
    const { next } = (await session.run(step(1), { x })).kept;
    x.release();
    x = next!;
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size);
  await x.download();
  expect([x.data[0], x.data[size - 1]]).toEqual([20, 20]);
  await session.close();
});

test('a trainer can be read, restored, and refuses a step that is not finite', async () => {
  const trainer = await Trainer.create({
    provider: 'webgpu',
    parameters: [{ name: 'w', shape: [3], lrClass: 'a' }],
    initial: () => Float32Array.of(1, -2, 3),
    build: (graph, weights) => {
      const w = weights('w', [3]);
      return { loss: mul(reduceSum(mul(w, w)), graph.input('factor', 'float32', [])) };
    },
  });
  const factor = (value: number) => ({ factor: { data: Float32Array.of(value), shape: [] } });
  await trainer.step(factor(1), { a: 0.1 });
  expect(() => trainer.parameter('w')).toThrow('download them first');
  await trainer.download();
  const { step: made, parameters, expAvg, expAvgSq } = trainer.state;
  const after = trainer.parameter('w').slice();
  // Weight decay 0.01, and a first update of the learning rate against each sign.
  for (const [i, value] of [0.899, -1.898, 2.897].entries()) expect(after[i]).toBeCloseTo(value, 5);

  await trainer.step(factor(1), { a: 0.1 });
  await trainer.download();
  const twice = trainer.parameter('w').slice();
  trainer.restore({ step: made, parameters, expAvg, expAvgSq });
  await trainer.step(factor(1), { a: 0.1 });
  await trainer.download();
  expect(trainer.parameter('w')).toEqual(twice);

  await expect(trainer.step(factor(Number.NaN), { a: 0.1 })).rejects.toThrow('the loss is NaN');
  await trainer.download();
  expect(trainer.parameter('w')).toEqual(twice);
  expect(trainer.state.step).toBe(2);
  await trainer.close();
});
