/** @file Views of `/jobs`: a line a job, a choice for each, and answers. */
import type { UserJob } from '#db/queries/jobs.ts';
import type { RowStatus } from '#db/schema/status.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import { storedFailureSentence } from './failures.ts';
import { type MessageView, messageView } from './message-view.ts';
import { fitText, oneLine, plain, workerAway } from './text.ts';

const PROMPT_LENGTH = 80;

const statusWords = {
  queued: () => say('waiting'),
  running: () => say('under way'),
  succeeded: () => say('done'),
  failed: () => say('failed'),
  cancelled: () => say('cancelled'),
} satisfies Record<RowStatus, () => string>;

function titleOf(job: UserJob): string {
  if (job.kind === 'rendition') return say`Pictures: ${plain(job.row.prompt, PROMPT_LENGTH)}`;
  if (job.kind === 'draft') return say`Learning ${`**${plain(job.row.name)}**`}`;
  const name = `**${plain(job.subject.name)}**`;
  return job.row.parentArtifactId === null
    ? say`Learning ${name}`
    : say`Learning more about ${name}`;
}

function stateOf(job: UserJob): string {
  if (job.kind === 'draft') return say('waiting for your Start, see `/jobs show`');
  const { row } = job;
  const { progress, failureCode } = row;
  if (row.cancelRequested && row.status === 'running') return say('stopping');
  if (row.status === 'running' && progress && progress.totalSteps > 0) {
    return say`under way, step ${progress.step} of ${progress.totalSteps}`;
  }
  return row.status === 'failed'
    ? say`failed: ${storedFailureSentence(failureCode)}`
    : statusWords[row.status]();
}

const when = (at: Date): string => `<t:${Math.floor(at.getTime() / 1000)}:R>`;

/** A line of the list. */
interface ListedJob {
  readonly job: UserJob;
  /** Nobody was told how it ended. */
  readonly isUntold: boolean;
  /** It is over, or a worker is there to take it. */
  readonly isServed: boolean;
}

/** @param jobs newest first; as many as fit are shown */
export function jobList(jobs: readonly ListedJob[]): MessageView {
  if (jobs.length === 0) {
    return messageView(
      say('You have asked for nothing yet. Start with `/train` and a few photos.'),
    );
  }
  const lines = jobs.some(({ isServed }) => !isServed) ? [workerAway()] : [];
  let length = lines.join('\n').length;
  for (const { job, isUntold } of jobs) {
    const untold = isUntold ? say('. I could not post it: `/jobs show` does') : '';
    const line = `• ${titleOf(job)}: ${stateOf(job)} (${when(job.row.createdAt)})${untold}`;
    if (length + line.length + 1 > limits.contentLength) break;
    lines.push(line);
    length += line.length + 1;
  }
  return messageView(lines.join('\n'));
}

/** @returns what a job is doing, where there is no card of it. `isServed`: it is over, or a worker is there to take it */
export function jobState(job: UserJob, isServed = true): MessageView {
  const line = `${titleOf(job)}: ${stateOf(job)} (${when(job.row.createdAt)})`;
  return messageView(isServed ? line : `${line}\n${workerAway()}`);
}

/** @returns a choice for autocomplete; its value is the job's id */
export function jobChoice(job: UserJob): { name: string; value: string } {
  return { name: fitText(choiceName(job), limits.choiceNameLength), value: job.row.id };
}

function choiceName(job: UserJob): string {
  if (job.kind === 'draft') {
    return `${say('waiting for your Start')}: ${oneLine(say`Learning ${job.row.name}`)}`;
  }
  const what = job.kind === 'training' ? say`Learning ${job.subject.name}` : job.row.prompt;
  return `${statusWords[job.row.status]()}: ${oneLine(what)}`;
}

/** @returns what the user sees after allowing direct messages, or taking that back */
export function directMessagesSet(allowed: boolean): MessageView {
  return messageView(
    allowed
      ? say(
          'Where I cannot post in a channel, I write to you directly from now on. `/jobs dm` takes that back.',
        )
      : say('I do not write to you directly. What I cannot post in a channel is in `/jobs`.'),
  );
}
