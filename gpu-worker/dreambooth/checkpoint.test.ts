import { expect, test } from 'vitest';
import { trainingFingerprint } from './checkpoint.ts';
import { DEFAULT_TRAINING } from './default-settings.ts';
import type { TrainingSettings } from './requests.ts';

const SETTINGS: TrainingSettings = { method: 'lora', ...DEFAULT_TRAINING };
const of = (change: Partial<TrainingSettings>, baseHash = 'base', instancePrompt?: string) =>
  trainingFingerprint(
    {
      classNoun: 'cat',
      identifier: 'zwx',
      photoFiles: ['/a.png'],
      settings: { ...SETTINGS, ...change },
      ...(instancePrompt !== undefined && { instancePrompt }),
    },
    baseHash,
  );

test('a state is taken up with other learning rates, and with nothing else changed', () => {
  expect(of({ learningRate: 1e-6, lrScheduler: 'cosine', lrWarmupSteps: 9 })).toBe(of({}));
  const others = [
    of({ seed: 6 }),
    of({ snrGamma: 5 }),
    of({ textEncoderStopStep: 5 }),
    of({ method: 'full' }),
    of({}, 'other base'),
    of({}, 'base', 'a zwx'),
  ];
  expect(new Set([...others, of({})]).size).toBe(7);
});

test('the order of the settings does not matter', () => {
  const reversed = Object.fromEntries(Object.entries(SETTINGS).reverse()) as TrainingSettings;
  expect(of(reversed)).toBe(of({}));
});
