/** @file Views of a training: the answer to `/train`, the message that shows it running, and how it ended. */
import type { Outcome } from '#db/jobs/outcome.ts';
import type { TrainProgress, TrainStage } from '#db/jobs/train-subject.ts';
import { trainStages } from '#db/jobs/train-subject.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { buildCustomId } from '../custom-ids.ts';
import { limits } from './discord-limits.ts';
import { failureSentence } from './failures.ts';
import { buttonRow, type MessageView, messageView, type ViewFile } from './message-view.ts';
import {
  code,
  count,
  duration,
  fitText,
  oneLine,
  plain,
  progressBar,
  withArticle,
} from './text.ts';

type ShownSubject = Pick<Subject, 'name' | 'classNoun'>;
type ShownRun = Pick<TrainingRun, 'id' | 'userId' | 'status' | 'progress' | 'cancelRequested'>;

const stageNames = {
  preparing: 'Getting ready',
  'class-images': 'Drawing its class',
  training: 'Learning',
  evaluating: 'Drawing and scoring',
  saving: 'Saving',
} satisfies Record<TrainStage, string>;

const title = (subject: ShownSubject) => `**${plain(subject.name)}** (${plain(subject.classNoun)})`;

/** @returns what the owner alone sees when the training has been taken */
export function trainingTaken(subject: ShownSubject, photos: number): MessageView {
  return messageView(
    `I am learning ${title(subject)} from ${count(photos, 'photo')}. The message in this channel shows how far I am.`,
  );
}

/** @returns the message that everybody in the channel sees while the training waits or runs */
export function trainingProgress(run: ShownRun, subject: ShownSubject): MessageView {
  const lines = [`${title(subject)} for <@${run.userId}>`];
  if (run.cancelRequested) lines.push('Stopping');
  else if (run.status === 'queued') lines.push('Waiting for its turn');
  else if (run.progress === null) lines.push('Starting');
  else lines.push(...progressLines(run.progress));
  return messageView(lines.join('\n'), {
    components: [
      buttonRow({
        label: 'Cancel',
        customId: buildCustomId('cancel', run.id),
        style: 'danger',
        disabled: run.cancelRequested,
      }),
    ],
  });
}

function progressLines(progress: TrainProgress): string[] {
  const number = trainStages.indexOf(progress.stage) + 1;
  const lines = [`Stage ${number} of ${trainStages.length}: ${stageNames[progress.stage]}`];
  if (progress.totalSteps > 0) {
    lines.push(progressBar(progress.step, progress.totalSteps));
    lines.push(`Step ${progress.step} of ${progress.totalSteps}`);
  }
  if (progress.secondsLeft !== null) lines.push(`Time left: ${duration(progress.secondsLeft)}`);
  return lines;
}

/** @returns the training's last message: samples, or why there are none */
export function trainingEnded(
  run: Pick<TrainingRun, 'userId'>,
  subject: ShownSubject,
  outcome: Outcome,
  samples: readonly Buffer[],
): MessageView {
  const owner = `<@${run.userId}>`;
  if (outcome.outcome === 'cancelled') {
    return messageView(`${title(subject)} for ${owner}\nCancelled.`);
  }
  if (outcome.outcome === 'failed') {
    const reason = failureSentence(outcome.code, outcome.detail);
    return messageView(`${title(subject)} for ${owner}\nNot learned. ${reason}`);
  }
  const example = code(`/imagine prompt: a [V] ${subject.classNoun} on the beach`);
  const lines = [`${title(subject)} for ${owner}`, `Ready. Try ${example}`];
  const shown = samples.slice(0, limits.attachments);
  if (shown.length > 0) lines.push(`${count(shown.length, 'sample')}:`);
  return messageView(lines.join('\n'), {
    files: shown.map(
      (bytes, index): ViewFile => ({
        name: `sample-${index + 1}.png`,
        bytes,
        description: fitText(
          `Sample ${index + 1} of ${shown.length}: ${oneLine(subject.name)}, ${withArticle(subject.classNoun)}, drawn after learning`,
          limits.altTextLength,
        ),
      }),
    ),
  });
}

/** @returns what the owner sees after pressing Cancel */
export function cancelAnswer(result: 'cancelled' | 'requested'): MessageView {
  return messageView(
    result === 'cancelled'
      ? 'Cancelled.'
      : 'Stopping. The message in the channel tells when it is over.',
  );
}
