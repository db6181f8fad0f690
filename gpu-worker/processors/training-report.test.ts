import { expect, test } from 'vitest';
import type { TrainProgress } from '#db/jobs/train-subject.ts';
import { createTrainingReport } from './training-report.ts';

const expected = { steps: 100, training: 50, evaluating: 20 };

function reportOn(given: typeof expected | null = expected) {
  const written: TrainProgress[] = [];
  let nowMs = 1000;
  const report = createTrainingReport({
    maxTrainSteps: 200,
    expected: given ?? undefined,
    previews: () => (written.length > 2 ? [{ step: 5, fileId: 'file' }] : []),
    write: (progress) => written.push(progress),
    now: () => nowMs,
  });
  const wait = (ms: number) => {
    nowMs += ms;
  };
  return { report, written, wait };
}

test('tells when the whole training will end, from what the last one took', () => {
  const { report, written } = reportOn();
  report.stage('preparing');
  report.progress({ stage: 'class images', step: 1, totalSteps: 4, secondsLeft: 9 });
  report.progress({ stage: 'training', step: 3, totalSteps: 200, secondsLeft: 30, loss: 0.5 });
  report.progress({ stage: 'evaluating', step: 2.5, totalSteps: 8, secondsLeft: 7 });
  expect(written.map(({ stage, secondsLeft }) => [stage, secondsLeft])).toEqual([
    ['preparing', null],
    ['class-images', 9 + 100 + 20],
    ['training', 30 + 20],
    ['evaluating', 7],
  ]);
  expect(written[2]).toMatchObject({ step: 3, loss: 0.5 });
  expect(written[2]).not.toHaveProperty('previews');
  expect(written[3]).toMatchObject({ step: 2, previews: [{ step: 5, fileId: 'file' }] });
});

test('tells no end that it cannot know', () => {
  const { report, written } = reportOn(null);
  report.progress({ stage: 'class images', step: 1, totalSteps: 4, secondsLeft: 9 });
  report.progress({ stage: 'training', step: 0, totalSteps: 4 });
  report.progress({ stage: 'training', step: 1, totalSteps: 4, secondsLeft: 3 });
  expect(written.map(({ secondsLeft }) => secondsLeft)).toEqual([null, null, 3]);
});

test('takes the time of each part', () => {
  const { report, wait } = reportOn();
  wait(3000);
  report.progress({ stage: 'class images', step: 4, totalSteps: 4, secondsLeft: 0 });
  wait(10_040);
  report.progress({ stage: 'training', step: 200, totalSteps: 200 });
  report.trained();
  wait(2500);
  expect(report.times()).toEqual({ classImages: 3, training: 10, evaluating: 2.5 });
});
