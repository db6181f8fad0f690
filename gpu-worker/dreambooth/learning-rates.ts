/** @file How fast each part of the models learns at a step. */
import { TEXT_ENCODER, UNET } from '../diffusion/training/denoising-loss.ts';
import type { LearningRates } from '../tensor/optim/adamw.ts';
import { lrFactor } from '../tensor/optim/lr-schedule.ts';
import { EngineRequestError, type TrainingSettings } from './requests.ts';

/** What the learning rates depend on. */
export type RateSettings = Pick<
  TrainingSettings,
  | 'maxTrainSteps'
  | 'learningRate'
  | 'lrScheduler'
  | 'lrWarmupSteps'
  | 'lrNumCycles'
  | 'lrPower'
  | 'trainTextEncoder'
  | 'textEncoderLearningRate'
  | 'textEncoderStopStep'
>;

/**
 * @param step updates made so far
 * @returns a rate for the UNet and, where it is trained, one for the text encoder; null once it has stopped
 */
export function learningRatesAt(settings: RateSettings, step: number): LearningRates {
  const { trainTextEncoder, textEncoderStopStep } = settings;
  const schedule = {
    name: settings.lrScheduler,
    totalSteps: settings.maxTrainSteps,
    warmupSteps: settings.lrWarmupSteps,
    numCycles: settings.lrNumCycles,
    power: settings.lrPower,
  };
  const rate = (base: number) => base * lrFactor(schedule, step, base);
  const stopped = textEncoderStopStep !== null && step >= textEncoderStopStep;
  return {
    [UNET]: rate(settings.learningRate),
    ...(trainTextEncoder && {
      [TEXT_ENCODER]: stopped ? null : rate(settings.textEncoderLearningRate),
    }),
  };
}

/** @throws {EngineRequestError} `SETTINGS_UNSUPPORTED` when a rate does not go with its schedule */
export function requireLearningRates(settings: RateSettings): void {
  const lastStep = settings.maxTrainSteps - 1;
  try {
    learningRatesAt({ ...settings, textEncoderStopStep: null }, lastStep);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new EngineRequestError('SETTINGS_UNSUPPORTED', error.message, { reason: error.message });
  }
}
