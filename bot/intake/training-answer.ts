/** @file What whoever sent `/train` sees: the question, or that it was answered before. */
import type { BotContext } from '../context.ts';
import type { MessageView } from '../views/message-view.ts';
import { trainingTaken } from '../views/training.ts';
import { trainingQuestion } from '../views/training-question.ts';
import type { RequestedTraining } from './request-training.ts';
import { describeDraft } from './training-drafts.ts';

/** @returns the answer to `/train`, seen in the channel `here` */
export async function trainingAnswer(
  bot: BotContext,
  requested: RequestedTraining,
  here: string,
): Promise<MessageView> {
  return requested.kind === 'taken'
    ? trainingTaken(requested, here)
    : trainingQuestion(await describeDraft(bot, requested.draft));
}
