/** @file Batches in processes of their own teach what they teach one after the other. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { mul, sub } from '../graph/ops/elementwise.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { scalar, Trainer } from './trainer.ts';

const SIZE = 40_000;

/** loss = Σ (θ − target)², over one packed and one large parameter. */
const createTrainer = (inParallel: boolean) =>
  Trainer.create({
    parameters: [
      { name: 'small', shape: [2], lrClass: 'a' },
      { name: 'large', shape: [SIZE], lrClass: 'a' },
    ],
    initial: (name) => Float32Array.from({ length: name === 'large' ? SIZE : 2 }, (_, i) => i / 7),
    build: (graph, weights) => {
      const target = graph.input('target', 'float32', []);
      const square = (name: string, shape: number[]) => {
        const error = sub(weights(name, shape), target);
        return reduceSum(mul(error, error));
      };
      return { loss: sub(square('small', [2]), mul(square('large', [SIZE]), -1)) };
    },
    gradientAccumulationSteps: 3,
    inParallel,
    threads: 1,
  });
const feeds = (target: number) => ({ target: { data: Float32Array.of(target), shape: [] } });

/** Children of this process that run a session. */
const sessions = (): number[] =>
  execFileSync('pgrep', ['-P', String(process.pid), '-f', 'remote-session-child'])
    .toString()
    .trim()
    .split('\n')
    .map(Number);

test('to the bit, and a session whose process dies says so', async () => {
  const [together, apart] = [await createTrainer(true), await createTrainer(false)];
  const lrs = { a: 0.1 };
  for (let step = 0; step < 3; step++) {
    const batches = [feeds(0.25), feeds(-0.5), feeds(step)];
    const results = await together.step(batches, lrs);
    const expected = await apart.step(batches, lrs);
    expect(scalar(results, 'loss')).toBe(scalar(expected, 'loss'));
    expect(scalar(results, 'gradNorm')).toBe(scalar(expected, 'gradNorm'));
  }
  for (const name of ['small', 'large'])
    expect(together.parameter(name)).toEqual(apart.parameter(name));
  expect(together.state.expAvgSq).toEqual(apart.state.expAvgSq);

  const children = sessions();
  expect(children).toHaveLength(3);
  process.kill(children[1]!, 'SIGKILL');
  await expect(together.step([feeds(0), feeds(0), feeds(0)], lrs)).rejects.toThrow('SIGKILL');
  expect(together.state.step).toBe(3);
  await together.close();
  await apart.close();
});
