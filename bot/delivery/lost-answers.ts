/** @file Tells users in the channel that an answer did not reach them: their interaction is over, so it cannot be sent any more. */
import { listLostAnswers, postponeAnswer, settleAnswer } from '#db/queries/owed-answers.ts';
import type { OwedAnswer } from '#db/schema/owed-answers.ts';
import { classifyFailure } from '../discord-failure.ts';
import { answerLost } from '../views/answer-lost.ts';
import { inPublicLocale } from '../words/public-locale.ts';
import { type ReachOptions, reachUser } from './reach-user.ts';

/** What {@link createLostAnswers} needs. */
export interface LostAnswersOptions extends ReachOptions {
  /** Called when Discord no longer takes our token. */
  readonly onRestart: (reason: string) => void;
}

/** Two days with the queries' backoff, like outcomes. */
const MAX_ATTEMPTS = 600;

/** @returns the work to be repeated: tell whoever is to be told now */
export function createLostAnswers(options: LostAnswersOptions): () => Promise<void> {
  return async () => {
    const lost = await listLostAnswers(options.db);
    await Promise.all(lost.map((owed) => tell(options, owed)));
  };
}

async function tell(options: LostAnswersOptions, owed: OwedAnswer): Promise<void> {
  const { db, logger, poster } = options;
  const { interactionId, userId } = owed;
  try {
    const view = await inPublicLocale(db, owed, () => answerLost(userId));
    await reachUser(options, owed, (channelId) =>
      // The same at every try: Discord drops a second message with the same nonce.
      poster.post(channelId, view, `owed-${interactionId}`),
    );
    await settleAnswer(db, interactionId);
    logger.info({ interactionId }, 'told of a lost answer');
  } catch (error) {
    const { kind, code, delayMs } = classifyFailure(error);
    if (kind === 'restart') options.onRestart(code);
    const isOver = kind === 'give-up' || owed.attempts >= MAX_ATTEMPTS;
    logger[isOver ? 'error' : 'warn']({ interactionId, code, isOver }, 'not told of a lost answer');
    await (isOver ? settleAnswer(db, interactionId) : postponeAnswer(db, owed, delayMs));
  }
}
