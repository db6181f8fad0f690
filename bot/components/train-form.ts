/** @file The form of `/train`, sent. */
import type { ModalSubmitInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import { requestTraining } from '../intake/request-training.ts';
import { trainingAnswer } from '../intake/training-answer.ts';
import { findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { trainForm } from '../views/train-form.ts';

/** Takes the form's photos, noun and name. The form enforces its own rules, but a forged one may not. */
export async function takeTrainForm(
  interaction: ModalSubmitInteraction,
  bot: BotContext,
): Promise<void> {
  await deferAnswer(interaction);
  const place = await findPlace(interaction, bot.db);
  const { fields } = interaction;
  if (!fields.getCheckboxGroup(trainForm.consent).includes(trainForm.consentGiven)) {
    throw new UserError('NO_CONSENT', refusals.noConsent());
  }
  const photos = [...(fields.getUploadedFiles(trainForm.photos)?.values() ?? [])];
  const requested = await requestTraining(bot, {
    ...place,
    userId: interaction.user.id,
    classNoun: fields.getTextInputValue(trainForm.classNoun),
    name: fields.getTextInputValue(trainForm.name),
    photos: photos.map(({ url, name, size }) => ({ url, filename: name, sizeBytes: size })),
  });
  await answer(interaction, await trainingAnswer(bot, requested, place.askedInId));
}
