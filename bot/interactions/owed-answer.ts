/** @file An answer that is owed from the moment an interaction is taken: a row, until its user has it. */
import { loseAnswer, oweAnswer, settleAnswer } from '#db/queries/owed-answers.ts';
import type { BotContext } from '../context.ts';
import type { Answerable } from './respond.ts';

/** An answer that is owed. Its methods throw nothing: a database that is away must not hide what became of the handler. */
export interface Owing {
  /** The user has the answer. */
  settle(): Promise<void>;
  /** It cannot be given any more: a message in the channel says so. Before it was acknowledged, Discord itself does. */
  lose(): Promise<void>;
}

/** Writes the row beside the handler, which must not wait for it: Discord gives 3 s. */
export function startOwing(bot: BotContext, interaction: Answerable): Owing {
  const { id: interactionId, channelId, guildId, user } = interaction;
  // Without a channel there is no other place to tell.
  if (channelId === null) return { settle: async () => undefined, lose: async () => undefined };
  const owed = { interactionId, channelId, guildId, userId: user.id };
  const report = (error: unknown) =>
    bot.logger.error({ err: error, interactionId }, 'owed answer not recorded');
  const recorded = oweAnswer(bot.db, owed).catch(report);
  const settle = async () => {
    await recorded;
    await settleAnswer(bot.db, interactionId).catch(report);
  };
  return {
    settle,
    async lose() {
      if (!interaction.deferred && !interaction.replied) return settle();
      await recorded;
      await loseAnswer(bot.db, owed).catch(report);
      bot.deliver();
    },
  };
}
