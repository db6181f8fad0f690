/** @file The form of *Remix with my subject*, sent. */
import type { ModalSubmitInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { FormTarget } from '../custom-ids.ts';
import { remixRendition } from '../intake/remix-rendition.ts';
import { checkPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { remixFields } from '../views/remix-form.ts';
import { renditionAnswer } from '../views/rendition.ts';

/** Draws what the form says. */
export async function takeRemixForm(
  interaction: ModalSubmitInteraction,
  bot: BotContext,
  { rowId }: FormTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const place = { ...checkPlace(interaction), interactionId: interaction.id };
  const { fields } = interaction;
  const taken = await remixRendition(bot, place, rowId, {
    prompt: fields.getTextInputValue(remixFields.prompt),
    subject: fields.getStringSelectValues(remixFields.subject)[0] ?? '',
  });
  await answer(interaction, renditionAnswer({ kind: 'taken', ...taken }));
}
