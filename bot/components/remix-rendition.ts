/** @file *Remix with my subject*: its button under published pictures, and its form. */
import type { ButtonInteraction, ModalSubmitInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget, FormTarget } from '../custom-ids.ts';
import { prepareRemix, remixRendition } from '../intake/remix-rendition.ts';
import { checkPlace, findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer, openForm } from '../interactions/respond.ts';
import { buildRemixForm, remixFields } from '../views/remix-form.ts';
import { renditionAnswer } from '../views/rendition.ts';

/** Opens the form for a picture that the viewer sees in the gallery. */
export async function openRemixForm(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  // A form must be the first answer, so nothing but rows is looked up before.
  const form = await prepareRemix(bot, await checkPlace(interaction, bot.db), rowId);
  await openForm(interaction, buildRemixForm(form));
}

/** Draws what the form says. */
export async function takeRemixForm(
  interaction: ModalSubmitInteraction,
  bot: BotContext,
  { rowId }: FormTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const place = await findPlace(interaction, bot.db);
  const { fields } = interaction;
  const taken = await remixRendition(bot, place, rowId, {
    prompt: fields.getTextInputValue(remixFields.prompt),
    subject: fields.getStringSelectValues(remixFields.subject)[0] ?? '',
  });
  await answer(interaction, renditionAnswer({ kind: 'taken', ...taken }, place.askedInId));
}
