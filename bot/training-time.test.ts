import { expect, test } from 'vitest';
import type { TrainTimes } from '#db/jobs/train-subject.ts';
import { estimateTraining } from './training-time.ts';

const took = (training: number): TrainTimes => ({
  baseCheckpointHash: 'base',
  method: 'lora',
  steps: 100,
  classImages: 10,
  training,
  evaluating: 20,
});

test('the median of the latest five trainings', () => {
  const times = [60, 5000, 70, 80, 50, 1, 1, 1].map(took);
  expect(estimateTraining(times)).toEqual({ seconds: 100, isMeasured: true });
  expect(estimateTraining([took(300)])).toEqual({ seconds: 330, isMeasured: true });
});

test('a guess where none was timed, said to be one', () => {
  expect(estimateTraining([])).toEqual({ seconds: 600, isMeasured: false });
});
