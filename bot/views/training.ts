/** @file Views of a training under way: the answer to `/train`, the card that shows it running, and answers to its buttons. */
import type { TrainProgress, TrainStage } from '#db/jobs/train-subject.ts';
import { trainStages } from '#db/jobs/train-subject.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { buildCustomId } from '../custom-ids.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import {
  buttonRow,
  cardView,
  type MessageView,
  mediaGallery,
  messageView,
  textDisplay,
  type ViewFile,
} from './message-view.ts';
import {
  count,
  fitText,
  nameChannel,
  oneLine,
  plain,
  progressBar,
  withArticle,
  workerAway,
} from './text.ts';

/** What names a subject. */
export type ShownSubject = Pick<Subject, 'name' | 'classNoun'>;
type ShownRun = Pick<
  TrainingRun,
  | 'id'
  | 'userId'
  | 'status'
  | 'progress'
  | 'updatedAt'
  | 'cancelRequested'
  | 'finishRequested'
  | 'parentArtifactId'
>;

/** What the card shows beside the row. */
export interface TrainingSurroundings {
  /** How many trainings will be served before one that waits; null where nobody knows. */
  readonly ahead: number | null;
  /** Whether a worker is there to take it. */
  readonly isServed: boolean;
  /** Its pictures on the way, side by side; null while there are none. */
  readonly strip: Buffer | null;
}

const stageNames = {
  preparing: () => say('Getting ready'),
  'class-images': () => say('Drawing its class'),
  training: () => say('Learning'),
  evaluating: () => say('Drawing and scoring'),
  saving: () => say('Saving'),
} satisfies Record<TrainStage, () => string>;

/** @returns `**Rex** (dog)` */
export const subjectTitle = (subject: ShownSubject): string =>
  `**${plain(subject.name)}** (${plain(subject.classNoun)})`;

/** A run and what it teaches. */
interface TakenTraining {
  readonly run: Pick<TrainingRun, 'channelId' | 'guildId' | 'parentArtifactId'>;
  readonly subject: ShownSubject;
}

/** @returns what the owner alone sees, in the channel `here`, when the training has been taken */
export function trainingTaken({ run, subject }: TakenTraining, here: string): MessageView {
  const text = say`I am learning ${subjectTitle(subject)}. The message in ${nameChannel(run, here)} shows how far I am.`;
  return { ...cardView([textDisplay(text)]), isFollowed: true };
}

/** @returns what the owner alone sees, in the channel `here`, when a subject is trained once more */
export function trainingAgainTaken({ run, subject }: TakenTraining, here: string): MessageView {
  const title = subjectTitle(subject);
  const where = nameChannel(run, here);
  return messageView(
    run.parentArtifactId === null
      ? say`I am learning ${title} once more. The message in ${where} shows how far I am.`
      : say`I am learning more about ${title}. The message in ${where} shows how far I am.`,
    { isFollowed: true },
  );
}

/** @returns the card that everybody in the channel sees while the training waits or runs */
export function trainingProgress(
  run: ShownRun,
  subject: ShownSubject,
  { ahead, isServed, strip }: TrainingSurroundings,
): MessageView {
  const on = run.parentArtifactId === null ? '' : say(', trained on');
  const lines = [
    say`${subjectTitle(subject)}${on} for <@${run.userId}>`,
    ...(isServed ? stateLines(run, ahead) : awayLines(run)),
  ];
  const files = strip ? [stripFile(run, subject, strip)] : [];
  return cardView(
    [
      textDisplay(...lines),
      ...(files.length > 0 ? [mediaGallery(files)] : []),
      buttonRow(...buttonsOf(run)),
    ],
    files,
  );
}

function stateLines(run: ShownRun, ahead: number | null): string[] {
  if (run.cancelRequested) return [say('Stopping')];
  if (run.status === 'queued') return [waitingLine(ahead)];
  if (run.progress === null) return [say('Starting')];
  const lines = progressLines(run.progress, run.updatedAt);
  return run.finishRequested && run.progress.stage === 'training'
    ? [...lines, say('Finishing with what it has learned')]
    : lines;
}

/** How far it came, without an end that nobody can tell. */
function awayLines(run: ShownRun): string[] {
  if (run.cancelRequested) return [say('Stopping'), workerAway()];
  if (run.status === 'queued' || run.progress === null) return [workerAway()];
  return [...progressLines({ ...run.progress, secondsLeft: null }, run.updatedAt), workerAway()];
}

function waitingLine(ahead: number | null): string {
  if (ahead === null) return say('Waiting for its turn');
  return ahead === 0
    ? say('Waiting: it is next')
    : say`Waiting: ${count(ahead, 'training')} before it`;
}

function progressLines(progress: TrainProgress, updatedAt: Date): string[] {
  const number = trainStages.indexOf(progress.stage) + 1;
  const lines = [say`Stage ${number} of ${trainStages.length}: ${stageNames[progress.stage]()}`];
  if (progress.totalSteps > 0) {
    lines.push(progressBar(progress.step, progress.totalSteps));
    lines.push(say`Step ${progress.step} of ${progress.totalSteps}`);
  }
  if (progress.secondsLeft !== null) {
    const end = Math.round(updatedAt.getTime() / 1000 + progress.secondsLeft);
    lines.push(say`Ends <t:${end}:R>`);
  }
  return lines;
}

function stripFile(run: ShownRun, subject: ShownSubject, bytes: Buffer): ViewFile {
  const steps = run.progress?.previews?.map(({ step }) => step) ?? [];
  const what = `${oneLine(subject.name)}, ${withArticle(subject.classNoun)}`;
  return {
    name: `after-${steps.length}.png`,
    bytes,
    description: fitText(
      say`${what}, as it looks after step ${steps.join(', ')}`,
      limits.altTextLength,
    ),
  };
}

function buttonsOf(run: ShownRun) {
  const { id, progress, cancelRequested, finishRequested } = run;
  const canFinish = progress?.stage === 'training' && progress.step > 0;
  return [
    {
      label: say('Cancel'),
      customId: buildCustomId('cancel', id),
      style: 'danger' as const,
      disabled: cancelRequested,
    },
    ...(canFinish
      ? [
          {
            label: say('Stop now and keep the best'),
            customId: buildCustomId('finish', id),
            disabled: cancelRequested || finishRequested,
          },
        ]
      : []),
  ];
}

/** @returns what the owner sees after pressing Cancel */
export function cancelAnswer(result: 'cancelled' | 'requested'): MessageView {
  return messageView(
    result === 'cancelled'
      ? say('Cancelled.')
      : say('Stopping. The message in the channel tells when it is over.'),
  );
}

/** @returns what the owner sees after stopping a training early */
export function finishAnswer(): MessageView {
  return messageView(
    say('It ends with the next step. Then I compare what it has learned and keep the best.'),
  );
}
