/** @file How long a training will take, from how long trainings took here. */
import type { TrainTimes } from '#db/jobs/train-subject.ts';

/** What is said where none was timed yet. */
const GUESS_SECONDS = 10 * 60;
/** The latest ones say most. */
const LATEST = 5;

/** An estimate of one training. */
export interface TrainingTime {
  readonly seconds: number;
  /** False where it is a guess. */
  readonly isMeasured: boolean;
}

/** @param times of earlier trainings, newest first */
export function estimateTraining(times: readonly TrainTimes[]): TrainingTime {
  const totals = times
    .slice(0, LATEST)
    .map(({ classImages, training, evaluating }) => classImages + training + evaluating)
    .sort((a, b) => a - b);
  const median = totals[Math.floor(totals.length / 2)];
  return median === undefined
    ? { seconds: GUESS_SECONDS, isMeasured: false }
    : { seconds: median, isMeasured: true };
}
