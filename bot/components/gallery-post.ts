/** @file The buttons under a published picture: vote, report, unpublish; and the pages of a gallery. */
import type { ButtonInteraction } from 'discord.js';
import { castVote } from '#db/queries/gallery-votes.ts';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { decodeTail } from '../gallery-tail.ts';
import { readGalleryPage } from '../intake/gallery.ts';
import { reportPost } from '../intake/report.ts';
import { withdraw } from '../intake/withdraw-post.ts';
import { askerOf, checkGuild, isModerator } from '../interactions/checks.ts';
import { answer, changeSource, deferAnswer, deferChange } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { voteAnswer } from '../views/gallery.ts';
import { refusals } from '../views/refusals.ts';

/** Votes, or takes the vote back. */
export async function voteForPost(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const vote = {
    postId: rowId,
    guildId: checkGuild(interaction),
    userId: interaction.user.id,
    by: 'button',
    isOn: 'toggle',
  } as const;
  const cast = await castVote(bot.db, vote);
  if (cast.outcome === 'missing') throw new UserError('POST_GONE', refusals.postGone());
  if (cast.outcome === 'own') throw new UserError('OWN_PICTURE', refusals.ownVote());
  await answer(interaction, voteAnswer(cast.post, cast));
}

/** Tells the moderators of the server. */
export async function reportPostNow(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const by = { guildId: checkGuild(interaction), userId: interaction.user.id };
  await answer(interaction, await reportPost(bot, by, rowId));
}

/** For its author, the owner of a subject in it, and moderators. */
export async function unpublishPost(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const by = {
    userId: interaction.user.id,
    guildId: checkGuild(interaction),
    isModerator: isModerator(interaction),
  };
  await answer(interaction, await withdraw(bot, rowId, by));
}

/** Shows the page before or after the post that the button names. */
export async function turnGalleryPage(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId, tail }: ButtonTarget,
): Promise<void> {
  await deferChange(interaction);
  const viewer = { ...askerOf(interaction), guildId: checkGuild(interaction) };
  const at = tail === null ? undefined : decodeTail(tail);
  if (!at) throw new UserError('UNKNOWN_BUTTON', refusals.unknownButton());
  const cursor = { ...at.cursor, postId: rowId };
  await changeSource(interaction, await readGalleryPage(bot, viewer, at.look, cursor));
}
