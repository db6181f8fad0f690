/** @file U, V and 🔄 under pictures: for whoever sees them and may use what they show. */
import type { ButtonInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { drawAgain, enlargePicture, varyPicture } from '../intake/rerun-rendition.ts';
import type { RenditionPlace, TakenRendition } from '../intake/take-rendition.ts';
import { findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { renditionAnswer } from '../views/rendition.ts';

/** Draws the same with another seed. */
export const drawAgainNow = (interaction: ButtonInteraction, bot: BotContext, at: ButtonTarget) =>
  rerun(interaction, bot, (place) => drawAgain(bot, place, at.rowId));

/** Draws from one of the pictures. */
export const varyPictureNow = (interaction: ButtonInteraction, bot: BotContext, at: ButtonTarget) =>
  rerun(interaction, bot, (place) =>
    varyPicture(bot, place, pictureOf(at), {
      strength: at.action === 'vary-subtle' ? 'subtle' : 'strong',
    }),
  );

/** Makes one of the pictures larger. */
export const enlargePictureNow = (
  interaction: ButtonInteraction,
  bot: BotContext,
  at: ButtonTarget,
) =>
  rerun(interaction, bot, (place) =>
    enlargePicture(bot, place, pictureOf(at), at.action === 'enlarge-4' ? 4 : 2),
  );

const pictureOf = ({ rowId, index }: ButtonTarget) => ({
  renditionId: rowId,
  pictureIndex: index ?? 0,
});

async function rerun(
  interaction: ButtonInteraction,
  bot: BotContext,
  take: (place: RenditionPlace) => Promise<TakenRendition>,
): Promise<void> {
  await deferAnswer(interaction);
  const place = await findPlace(interaction, bot.db);
  const taken = await take(place);
  await answer(interaction, renditionAnswer({ kind: 'taken', ...taken }, place.askedInId));
}
