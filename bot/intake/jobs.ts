/** @file A user's jobs: listing them, looking at one, stopping it, making it again. */
import { findUserJob, listUserJobs, type UserJob } from '#db/queries/jobs.ts';
import { findDelivery, listFailedDeliveries } from '#db/queries/outbox-deliveries.ts';
import { requestCancelRendition } from '#db/queries/rendition-ends.ts';
import { requestCancelTraining } from '#db/queries/training-ends.ts';
import { isTerminal } from '#db/schema/status.ts';
import type { BotContext } from '../context.ts';
import { UserError } from '../user-error.ts';
import { jobState } from '../views/jobs.ts';
import type { MessageView } from '../views/message-view.ts';
import { refusals } from '../views/refusals.ts';
import { renditionAnswer } from '../views/rendition.ts';
import { cancelAnswer, trainingAgainTaken, trainingProgress } from '../views/training.ts';
import { draftDiscarded, trainingQuestion } from '../views/training-question.ts';
import { readRenditionMessage } from './rendition-message.ts';
import { drawAgain } from './rerun-rendition.ts';
import type { RenditionPlace } from './take-rendition.ts';
import { retryTraining } from './train-again.ts';
import { readPreviews, readTrainingCard } from './training-card.ts';
import { describeDraft, discardDraft } from './training-drafts.ts';
import { isServed } from './worker-presence.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws {UserError} where the user has no such job */
export async function requireJob(
  { db }: Pick<BotContext, 'db'>,
  userId: string,
  jobId: string,
): Promise<UserJob> {
  const job = UUID.test(jobId) ? await findUserJob(db, userId, jobId) : undefined;
  if (!job) throw new UserError('NO_SUCH_JOB', refusals.noSuchJob());
  return job;
}

/** A job in the list. */
export interface ListedJob {
  readonly job: UserJob;
  /** Nobody was told how it ended. */
  readonly isUntold: boolean;
  /** It is over, or a worker is there to take it. */
  readonly isServed: boolean;
}

const isOver = (job: UserJob) => job.kind === 'draft' || isTerminal(job.row.status);

export const canCancel = (job: UserJob): boolean => job.kind === 'draft' || !isOver(job);

export const canRetry = (job: UserJob): job is Exclude<UserJob, { kind: 'draft' }> =>
  job.kind !== 'draft' && (job.row.status === 'failed' || job.row.status === 'cancelled');

/** Whether a worker is there, by what it would do. */
async function readWorkers(bot: BotContext): Promise<Record<UserJob['kind'], boolean>> {
  const [training, rendition] = await Promise.all([
    isServed(bot, 'train-subject'),
    isServed(bot, 'render-prompt'),
  ]);
  return { training, rendition, draft: true };
}

/** @returns the user's latest jobs, newest first */
export async function listJobs(bot: BotContext, userId: string): Promise<ListedJob[]> {
  const { db } = bot;
  const jobs = await listUserJobs(db, userId);
  const idsOf = (kind: UserJob['kind']) =>
    jobs.flatMap((job) => (job.kind === kind ? job.row.id : []));
  const untold = new Set([
    ...(await listFailedDeliveries(db, 'training', idsOf('training'))),
    ...(await listFailedDeliveries(db, 'rendition', idsOf('rendition'))),
  ]);
  const isThere = await readWorkers(bot);
  return jobs.map((job) => ({
    job,
    isUntold: untold.has(job.row.id),
    isServed: isOver(job) || isThere[job.kind],
  }));
}

/** @returns what its channel shows, or would show had it taken the message */
export async function showJob(bot: BotContext, job: UserJob): Promise<MessageView> {
  if (job.kind === 'draft') return trainingQuestion(await describeDraft(bot, job.row));
  const { kind, row } = job;
  if (!isTerminal(row.status)) {
    const isThere = await readWorkers(bot);
    if (kind === 'rendition') return jobState(job, isThere.rendition);
    const strip = await readPreviews(bot, row);
    return trainingProgress(row, job.subject, { ahead: null, isServed: isThere.training, strip });
  }
  const delivery = await findDelivery(bot.db, kind, row.id);
  if (!delivery) return jobState(job);
  const view =
    kind === 'training'
      ? (await readTrainingCard(bot, delivery))?.build()
      : (await readRenditionMessage(bot, delivery))?.build();
  return view ?? jobState(job);
}

/** @throws {UserError} when it is over already */
export async function cancelJob(
  bot: BotContext,
  userId: string,
  { kind, row }: UserJob,
): Promise<MessageView> {
  if (kind === 'draft') {
    await discardDraft(bot, { draftId: row.id, userId });
    return draftDiscarded();
  }
  const request = kind === 'training' ? requestCancelTraining : requestCancelRendition;
  const result = await request(bot.db, row.id, userId);
  if (result !== 'cancelled' && result !== 'requested') {
    throw new UserError('JOB_OVER', refusals.jobOver());
  }
  bot.logger.info({ jobId: row.id, result }, 'job cancel asked for');
  bot.deliver();
  bot.showProgress();
  return cancelAnswer(result);
}

/** @throws {UserError} when it has not failed, or cannot be made again */
export async function retryJob(
  bot: BotContext,
  place: RenditionPlace & { readonly askedInId: string },
  job: UserJob,
): Promise<MessageView> {
  if (!canRetry(job)) throw new UserError('NOTHING_TO_RETRY', refusals.nothingToRetry());
  if (job.kind === 'rendition') {
    const taken = await drawAgain(bot, place, job.row.id);
    return renditionAnswer({ kind: 'taken', ...taken }, place.askedInId);
  }
  const taken = await retryTraining(bot, place, { run: job.row, subject: job.subject });
  return trainingAgainTaken(taken, place.askedInId);
}
