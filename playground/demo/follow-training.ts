/** @file Follows a training through its row: a bar for the class images, a bar for the steps, and how long they took. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import type { TrainStage } from '#db/jobs/train-subject.ts';
import { findTrainingByInteraction, getTrainingRun } from '#db/queries/training-runs.ts';
import { isTerminal } from '#db/schema/status.ts';
import { DemoError } from './conversation.ts';
import type { Embedded } from './start-embedded.ts';

/** How long the parts of a training took. */
export interface TrainingTimes {
  readonly runId: string;
  /** From the start to the last class image. */
  readonly classImageSeconds: number;
  /** From there to the last step, preparation included. */
  readonly trainingSeconds: number;
}

const POLL_MS = 200;
const PLAIN_OUTPUT_MS = 15_000;

const titles: Partial<Record<TrainStage, string>> = {
  'class-images': 'Class images',
  training: 'Training',
};

/** Watches until the row has ended, well or not. */
export async function followTraining(
  { database: { db } }: Pick<Embedded, 'database'>,
  interactionId: string,
  signal: AbortSignal,
): Promise<TrainingTimes> {
  const found = await findTrainingByInteraction(db, interactionId);
  if (!found) throw new DemoError('The bot answered, but recorded no training.');
  const runId = found.run.id;
  const begun = performance.now();
  let classEnd: number | undefined;
  let trainingEnd: number | undefined;
  let bar: { stage: TrainStage; line: SingleBar } | undefined;
  const closeBar = () => {
    // The row holds the latest report only; a stage that gave way to the next one is complete.
    bar?.line.update(bar.line.getTotal());
    bar?.line.stop();
    bar = undefined;
  };
  for (;;) {
    const run = await getTrainingRun(db, runId);
    if (!run) throw new DemoError('The training vanished.');
    const { progress } = run;
    if (progress) {
      const { stage, step, totalSteps } = progress;
      const isOver = isTerminal(run.status) || stage === 'evaluating' || stage === 'saving';
      const hasClassImages = stage === 'class-images' && totalSteps > 0 && step >= totalSteps;
      if (hasClassImages || stage === 'training' || isOver) classEnd ??= performance.now();
      if (isOver) trainingEnd ??= performance.now();
      if (bar && bar.stage !== stage) closeBar();
      const title = titles[stage];
      if (title && totalSteps > 0) {
        bar ??= { stage, line: startBar(title, totalSteps) };
        bar.line.update(step);
      }
    }
    if (isTerminal(run.status)) break;
    await sleep(POLL_MS, undefined, { signal }).catch((error) => {
      bar?.line.stop();
      throw signal.reason ?? error;
    });
  }
  if (bar) closeBar();
  const end = trainingEnd ?? performance.now();
  return {
    runId,
    classImageSeconds: ((classEnd ?? end) - begun) / 1000,
    trainingSeconds: (end - (classEnd ?? end)) / 1000,
  };
}

function startBar(title: string, total: number): SingleBar {
  const line = new SingleBar({
    format: `${title.padEnd(12)} {bar} {value}/{total}  {duration_formatted}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    stream: process.stdout,
    noTTYOutput: true,
    notTTYSchedule: PLAIN_OUTPUT_MS,
    hideCursor: true,
  });
  line.start(total, 0);
  return line;
}
