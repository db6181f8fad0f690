import { expect, test } from 'vitest';
import { learningRatesAt, type RateSettings, requireLearningRates } from './learning-rates.ts';

const SETTINGS: RateSettings = {
  maxTrainSteps: 10,
  learningRate: 1e-4,
  lrScheduler: 'constant',
  lrWarmupSteps: 0,
  lrNumCycles: 1,
  lrPower: 1,
  trainTextEncoder: true,
  textEncoderLearningRate: 1e-5,
  textEncoderStopStep: null,
};
const at = (step: number, change: Partial<RateSettings> = {}) =>
  learningRatesAt({ ...SETTINGS, ...change }, step);

test('both rates stay as they are by default', () => {
  expect(at(0)).toEqual({ unet: 1e-4, text_encoder: 1e-5 });
  expect(at(9)).toEqual(at(0));
});

test('one schedule bends both rates', () => {
  const change = { lrScheduler: 'linear', lrWarmupSteps: 2 } as const;
  expect(at(0, change)).toEqual({ unet: 0, text_encoder: 0 });
  expect(at(1, change)).toEqual({ unet: 5e-5, text_encoder: 5e-6 });
  expect(at(6, change)).toEqual({ unet: 5e-5, text_encoder: 5e-6 });
});

test('polynomial ends at the same rate whatever it began with', () => {
  const change = { lrScheduler: 'polynomial', lrPower: 2 } as const;
  expect(at(10, change).unet).toBeCloseTo(1e-7, 12);
  expect(at(10, change).text_encoder).toBeCloseTo(1e-7, 12);
  expect(at(5, change).unet).toBeCloseTo(1e-7 + (1e-4 - 1e-7) / 4, 12);
});

test('the text encoder is frozen from its stop step on', () => {
  const change = { textEncoderStopStep: 3 };
  expect(at(2, change).text_encoder).toBe(1e-5);
  expect(at(3, change)).toEqual({ unet: 1e-4, text_encoder: null });
});

test('a stop step without effect is ignored: there is no rate to stop', () => {
  expect(at(5, { trainTextEncoder: false, textEncoderStopStep: 3 })).toEqual({ unet: 1e-4 });
});

test('a rate that polynomial cannot fall from is refused before the training', () => {
  const change = { lrScheduler: 'polynomial', textEncoderLearningRate: 1e-8 } as const;
  expect(() => requireLearningRates({ ...SETTINGS, ...change, textEncoderStopStep: 1 })).toThrow(
    expect.objectContaining({
      code: 'SETTINGS_UNSUPPORTED',
      message: 'polynomial: expected a learning rate above 1e-7, got 1e-8',
    }),
  );
  requireLearningRates({ ...SETTINGS, ...change, trainTextEncoder: false });
});
