import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBaseFacts } from '../dreambooth/base-checkpoint.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { mergeTrainingSettings } from './train-settings.ts';

const base = mkdtempSync(path.join(tmpdir(), 'rendition-settings-'));
const file = path.join(base, 'recommended.json');
beforeAll(() => {
  writeTinyCheckpoint(base, { seed: 1, training: { learningRate: 2e-4, maxTrainSteps: 9 } });
});
afterAll(() => rmSync(base, { recursive: true }));

/** What a training does whose row says this, on a base whose recommendations also say that. */
function merge(
  row: Partial<Parameters<typeof mergeTrainingSettings>[1]>,
  recommended: object = {},
) {
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(before), ...recommended }));
  const { defaults } = readBaseFacts(base);
  writeFileSync(file, before);
  return mergeTrainingSettings(defaults, { seed: 3, ...row });
}

test('adapters are the method until the base or the row says otherwise', () => {
  expect(merge({}).method).toBe('lora');
  expect(merge({}, { method: 'full' }).method).toBe('full');
  expect(merge({ method: 'lora' }, { method: 'full' }).method).toBe('lora');
});

test('adapters take steps from the common settings and learning rates from their own', () => {
  expect(merge({ method: 'full' })).toMatchObject({ learningRate: 2e-4, maxTrainSteps: 9 });
  expect(merge({ method: 'lora' })).toMatchObject({ learningRate: 1e-4, maxTrainSteps: 9 });
  const recommended = { lora: { learningRate: 3e-3, maxTrainSteps: 5 } };
  expect(merge({ method: 'lora' }, recommended)).toMatchObject(recommended.lora);
});

test('another rank keeps the scale of the adapters', () => {
  const recommended = { lora: { rank: 8, loraAlpha: 4 } };
  expect(merge({ method: 'lora', rank: 32 }, recommended)).toMatchObject({
    rank: 32,
    loraAlpha: 16,
  });
});

test('a shorter training warms up and stops its text encoder at the same share of its steps', () => {
  const training = { maxTrainSteps: 200, lrWarmupSteps: 20, textEncoderStopStep: 60 };
  const of = (maxTrainSteps?: number) => {
    const { lrWarmupSteps, textEncoderStopStep } = merge(
      maxTrainSteps === undefined ? {} : { maxTrainSteps },
      { training },
    );
    return [lrWarmupSteps, textEncoderStopStep];
  };
  expect(of()).toEqual([20, 60]);
  expect(of(50)).toEqual([5, 15]);
  expect(of(1)).toEqual([0, 1]);
  expect(merge({ maxTrainSteps: 50 })).toMatchObject({
    lrWarmupSteps: 0,
    textEncoderStopStep: null,
  });
});

test('recommendations for adapters can take back what is recommended for both', () => {
  const recommended = { training: { snrGamma: 5, noiseOffset: 0.1 }, lora: { snrGamma: null } };
  expect(merge({ method: 'full' }, recommended)).toMatchObject({ snrGamma: 5, noiseOffset: 0.1 });
  expect(merge({ method: 'lora' }, recommended)).toMatchObject({
    snrGamma: null,
    noiseOffset: 0.1,
  });
});

test('a setting out of its range ends the job with its name', () => {
  expect(() => merge({ maxTrainSteps: 1_000_000 })).toThrow(
    expect.objectContaining({
      code: 'SETTINGS_UNSUPPORTED',
      detail: { reason: expect.stringMatching(/^maxTrainSteps: Too big: .*100000/) },
    }),
  );
});
