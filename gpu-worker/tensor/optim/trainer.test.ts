import { expect, test } from 'vitest';
import { mul, sub } from '../graph/ops/elementwise.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { NonFiniteLossError, scalar, Trainer, type TrainerOptions } from './trainer.ts';

/** loss = Σ (θ − target)², over one packed and one large parameter. */
const createTrainer = (options: Partial<TrainerOptions> = {}, size = 40_000) =>
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
    ...options,
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

test('gradients of several batches add up to one update', async () => {
  const adamw = { maxGradNorm: 3 };
  // Σ (θ − a)² + Σ (θ − b)² has the gradient of 2·Σ (θ − (a + b) / 2)².
  const apart = await createTrainer({ gradientAccumulationSteps: 2, adamw });
  const together = await createTrainer({
    adamw,
    build: (graph, weights) => {
      const errors = [0.25, -0.5].flatMap((target) =>
        [weights('small', [2]), weights('tiny', [1, 1]), weights('large', [40_000])].map(
          (parameter) => reduceSum(mul(sub(parameter, target), sub(parameter, target))),
        ),
      );
      graph.input('target', 'float32', []);
      return { loss: errors.reduce((a, b) => sub(a, mul(b, -1))) };
    },
  });
  for (let step = 0; step < 3; step++) {
    const lrs = { a: 0.1, b: 0.01 };
    const results = await apart.step([feeds(0.25), feeds(-0.5)], lrs);
    const expected = await together.step(feeds(0), lrs);
    expect(scalar(results, 'loss') / scalar(expected, 'loss')).toBeCloseTo(1, 5);
    expect(scalar(results, 'gradNorm') / scalar(expected, 'gradNorm')).toBeCloseTo(1, 5);
  }
  for (const name of ['small', 'tiny', 'large']) {
    expect(apart.parameter(name)[0]).toBeCloseTo(together.parameter(name)[0]!, 6);
    expect(apart.parameter(name)[0]).not.toBeCloseTo(1, 2);
  }
  await expect(apart.step(feeds(0.25), { a: 0.1, b: 0.01 })).rejects.toThrow(
    '1 batches, expected 2',
  );
  await apart.close();
  await together.close();
});

test('a frozen class stays as it is, and does not count in the norm', async () => {
  const trainer = await createTrainer();
  await trainer.step(feeds(0.25), { a: 0.1, b: 0.01 });
  const before = trainer.parameter('large').slice();
  const small = trainer.parameter('small')[0]!;
  const results = await trainer.step(feeds(0.25), { a: 0.1, b: null });
  expect(trainer.parameter('large')).toEqual(before);
  expect(trainer.parameter('small')[0]).not.toBe(small);
  expect(scalar(results, 'gradNorm')).toBeCloseTo(Math.sqrt(3) * 2 * (small - 0.25), 5);
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
