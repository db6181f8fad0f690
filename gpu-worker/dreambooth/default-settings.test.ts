import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readDefaultSettings } from './default-settings.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'rendition-defaults-'));
afterAll(() => rmSync(dir, { recursive: true }));

const recommending = (content: unknown) => {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(path.join(dir, 'recommended.json'), text);
  return () => readDefaultSettings(dir);
};

test('every training option can be recommended', () => {
  const training = {
    lrScheduler: 'cosine',
    lrWarmupSteps: 10,
    textEncoderStopStep: 50,
    snrGamma: 5,
    noiseOffset: 0.05,
    gradientAccumulationSteps: 4,
    gradientCheckpointing: true,
  };
  const lora = { loraDropout: 0.1, loraTargets: ['attention', 'feed-forward'] };
  const { training: defaults } = recommending({ training, lora })();
  expect(defaults.full).toMatchObject({ ...training, method: 'full', learningRate: 5e-6 });
  expect(defaults.lora).toMatchObject({
    ...training,
    ...lora,
    method: 'lora',
    learningRate: 1e-4,
  });
});

test.each([
  [
    'a range',
    { training: { noiseOffset: 2 } },
    /^recommended\.json: training\.noiseOffset: Too big/,
  ],
  ['a type', { lora: { rank: 1.5 } }, /^recommended\.json: lora\.rank: /],
  [
    'a choice',
    { training: { lrScheduler: 'exponential' } },
    /^recommended\.json: training\.lrScheduler: .*"cosine"/,
  ],
  [
    'a name',
    { training: { snrGama: 5 } },
    /^recommended\.json: training: Unrecognized key: "snrGama"/,
  ],
  ['γ = 0', { training: { snrGamma: 0 } }, /^recommended\.json: training\.snrGamma: Too small/],
  [
    'two at once',
    { training: { trainBatchSize: 0, lrPower: -1 } },
    /^recommended\.json: training\.lrPower: .*; training\.trainBatchSize: /,
  ],
  ['the file', '{ "training": ', /^recommended\.json: .*JSON/],
])('%s that cannot be followed is refused by name', (_, content, reason) => {
  expect(recommending(content)).toThrow(
    expect.objectContaining({
      code: 'SETTINGS_UNSUPPORTED',
      message: expect.stringMatching(reason),
    }),
  );
});

test('a rate that its schedule cannot fall from is refused', () => {
  const training = { lrScheduler: 'polynomial', textEncoderLearningRate: 1e-8 };
  expect(recommending({ training })).toThrow('polynomial: expected a learning rate above 1e-7');
});

test('pocket is taught with adapters on every kind of layer, or whole with rates of its own', () => {
  const { method, training } = readDefaultSettings(
    path.resolve(import.meta.dirname, '../../models/pocket'),
  );
  expect(method).toBe('lora');
  expect(training.lora.loraTargets).toEqual(['attention', 'feed-forward', 'convolution']);
  expect(training.full).toMatchObject({ learningRate: 2e-4, lrScheduler: 'constant' });
});
