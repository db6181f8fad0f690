import { expect, test } from 'vitest';
import { mul, sub } from '../graph/ops/elementwise.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { NonFiniteLossError, scalar, Trainer } from './trainer.ts';

/** loss = Σ (θ − target)², over one packed and one large parameter. */
const createTrainer = (size = 40_000) =>
  Trainer.create({
    parameters: [
      { name: 'small', shape: [2], lrClass: 'a' },
      { name: 'tiny', shape: [1, 1], lrClass: 'a' },
      { name: 'large', shape: [size], lrClass: 'b' },
    ],
    initial: (name) => new Float32Array(name === 'large' ? size : name === 'small' ? 2 : 1).fill(1),
    build: (graph, weights) => {
      const target = graph.input('target', 'float32', []);
      const square = (name: string, shape: number[]) => {
        const error = sub(weights(name, shape), target);
        return reduceSum(mul(error, error));
      };
      const loss = [square('small', [2]), square('tiny', [1, 1]), square('large', [size])];
      return { loss: loss.reduce((a, b) => sub(a, mul(b, -1))) };
    },
    adamw: { maxGradNorm: 1e9 },
    threads: 1,
  });
const feeds = (target: number) => ({ target: { data: Float32Array.of(target), shape: [] } });

/** AdamW as its paper writes it, in double precision. */
function referenceAdamw(steps: number, lr: number, target: number): number {
  let [theta, m, v] = [1, 0, 0];
  for (let t = 1; t <= steps; t++) {
    const g = 2 * (theta - target);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    theta -= lr * 0.01 * theta;
    theta -= (lr * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
  }
  return theta;
}

test('updates follow AdamW, with a learning rate for each class', async () => {
  const trainer = await createTrainer();
  for (let step = 0; step < 3; step++) await trainer.step(feeds(0.25), { a: 0.1, b: 0.01 });
  expect(trainer.parameter('small')[1]).toBeCloseTo(referenceAdamw(3, 0.1, 0.25), 5);
  expect(trainer.parameter('tiny')[0]).toBeCloseTo(referenceAdamw(3, 0.1, 0.25), 5);
  expect(trainer.parameter('large')[39_999]).toBeCloseTo(referenceAdamw(3, 0.01, 0.25), 5);
  await trainer.close();
});

test('small tensors travel packed, large ones alone', async () => {
  const trainer = await createTrainer();
  expect(trainer.bank.groups.map(({ slots }) => slots.map(({ name }) => name))).toEqual([
    ['small', 'tiny'],
    ['large'],
  ]);
  await trainer.close();
});

test('a loss that is not a number stops the step and leaves the state as it was', async () => {
  const trainer = await createTrainer();
  await trainer.step(feeds(0.25), { a: 0.1, b: 0.01 });
  const before = trainer.parameter('small').slice();
  await expect(trainer.step(feeds(Number.NaN), { a: 0.1, b: 0.01 })).rejects.toThrow(
    NonFiniteLossError,
  );
  expect(trainer.parameter('small')).toEqual(before);
  expect(trainer.state.step).toBe(1);
  expect(scalar(await trainer.step(feeds(0.25), { a: 0.1, b: 0.01 }), 'loss')).toBeGreaterThan(0);
  await trainer.close();
});
