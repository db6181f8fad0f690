/** @file What a training tells of itself while it runs: its stage, when it will end, its pictures on the way; and how long it took. */
import type { TrainProgress, TrainStage, TrainTimes } from '#db/jobs/train-subject.ts';
import type { ProgressEvent } from '../dreambooth/requests.ts';

const stages = {
  preparing: 'preparing',
  'class images': 'class-images',
  training: 'training',
  evaluating: 'evaluating',
  sampling: 'evaluating',
} as const satisfies Record<ProgressEvent['stage'], TrainStage>;

/** What {@link createTrainingReport} needs. */
export interface TrainingReportOptions {
  readonly maxTrainSteps: number;
  /** Of the latest training of this method on this base, where there was one. */
  readonly expected: Pick<TrainTimes, 'steps' | 'training' | 'evaluating'> | undefined;
  /** Pictures on the way, as they are by now. */
  readonly previews: () => TrainProgress['previews'];
  readonly write: (progress: TrainProgress) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Makes a report that begins now. */
export function createTrainingReport(options: TrainingReportOptions) {
  const { expected, previews, write, now } = options;
  const startedAt = now();
  let classImagesAt = startedAt;
  let trainedAt: number | undefined;
  const tell = (progress: Omit<TrainProgress, 'previews'>) => {
    const pictures = previews();
    write({ ...progress, ...(pictures && pictures.length > 0 && { previews: pictures }) });
  };
  const secondsAfter = (stage: ProgressEvent['stage']): number | undefined => {
    if (stage === 'training') return expected?.evaluating ?? 0;
    if (stage === 'evaluating' || stage === 'sampling') return 0;
    if (!expected) return undefined;
    const training = (expected.training / expected.steps) * options.maxTrainSteps;
    return training + expected.evaluating;
  };
  const secondsLeft = ({ stage, secondsLeft: own }: ProgressEvent): number | null => {
    const after = secondsAfter(stage);
    return own === undefined || after === undefined ? null : Math.max(0, own) + after;
  };

  return {
    /** The engine got on. */
    progress(event: ProgressEvent): void {
      if (event.stage === 'class images') classImagesAt = now();
      tell({
        stage: stages[event.stage],
        step: Math.trunc(event.step),
        totalSteps: Math.trunc(event.totalSteps),
        secondsLeft: secondsLeft(event),
        loss: event.stage === 'training' ? (event.loss ?? null) : null,
      });
    },
    /** A stage without steps begins. */
    stage(stage: 'preparing' | 'saving'): void {
      tell({ stage, step: 0, totalSteps: 0, secondsLeft: null, loss: null });
    },
    /** The weights are there. */
    trained(): void {
      trainedAt = now();
    },
    /** @returns how long the parts took until now, in seconds */
    times(): Pick<TrainTimes, 'classImages' | 'training' | 'evaluating'> {
      const seconds = (from: number, to: number) => Math.round((to - from) / 100) / 10;
      const end = trainedAt ?? now();
      return {
        classImages: seconds(startedAt, classImagesAt),
        training: seconds(classImagesAt, end),
        evaluating: seconds(end, now()),
      };
    },
  };
}

/** See {@link createTrainingReport}. */
export type TrainingReport = ReturnType<typeof createTrainingReport>;
