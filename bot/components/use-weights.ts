/** @file Use step N, under a training's last card: for the subject's owner only, as long as the weights are there. */

import type { ButtonInteraction } from 'discord.js';
import { chooseArtifact } from '#db/queries/artifacts.ts';
import { findDelivery } from '#db/queries/outbox-deliveries.ts';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { readTrainingCard } from '../intake/training-card.ts';
import { answer, changeSource, deferChange } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { weightsChosen } from '../views/training-ended.ts';
import { inPublicLocale } from '../words/public-locale.ts';

/** Makes the weights those that prompts use, and shows the card as it is now. */
export async function useWeights(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferChange(interaction);
  const chosen = await chooseArtifact(bot.db, rowId, interaction.user.id);
  switch (chosen.outcome) {
    case 'missing':
      throw new UserError('WEIGHTS_GONE', refusals.theseWeightsGone());
    case 'not-owner':
      throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourWeights());
    case 'identifier-taken':
      throw new UserError('IDENTIFIER_TAKEN', refusals.identifierTaken());
    case 'chosen': {
      const { artifact, subject } = chosen;
      bot.logger.info({ artifactId: artifact.id, subjectId: subject.id }, 'weights chosen');
      const delivery = await findDelivery(bot.db, 'training', artifact.runId);
      const card = delivery && (await readTrainingCard(bot, delivery));
      // The card says which weights are in use; where it cannot be made any more, a sentence does.
      if (card) await changeSource(interaction, await inPublicLocale(bot.db, card.run, card.build));
      else await answer(interaction, weightsChosen(subject, artifact.step));
    }
  }
}
