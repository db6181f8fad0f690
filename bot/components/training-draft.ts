/** @file Start, Replace and Cancel, under the question of `/train`: for whoever sent the photos. */
import type { ButtonInteraction, ModalSubmitInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget, FormTarget } from '../custom-ids.ts';
import {
  describeDraft,
  discardDraft,
  replaceableOf,
  replacePhotos,
  requireDraft,
  startTrainingDraft,
} from '../intake/training-drafts.ts';
import {
  answer,
  changeSource,
  deferAnswer,
  deferChange,
  openForm,
} from '../interactions/respond.ts';
import { trainingTaken } from '../views/training.ts';
import {
  buildReplaceForm,
  draftDiscarded,
  replaceForm,
  trainingQuestion,
} from '../views/training-question.ts';

/** Starts the training with its photos as they are. */
export async function startTrainingNow(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferChange(interaction);
  const where = { draftId: rowId, userId: interaction.user.id };
  const taken = await startTrainingDraft(bot, where);
  await changeSource(interaction, trainingTaken(taken, interaction.channelId));
}

/** Opens the form for other photos. It must be the first answer, so nothing but the row is looked up before. */
export async function openReplaceForm(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  const draft = await requireDraft(bot, { draftId: rowId, userId: interaction.user.id });
  await openForm(interaction, buildReplaceForm(rowId, replaceableOf(draft)));
}

/** Takes other photos, and asks again. */
export async function takeReplaceForm(
  interaction: ModalSubmitInteraction,
  bot: BotContext,
  { rowId }: FormTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const photos = [...(interaction.fields.getUploadedFiles(replaceForm.photos)?.values() ?? [])];
  const draft = await replacePhotos(
    bot,
    { draftId: rowId, userId: interaction.user.id },
    photos.map(({ url, name, size }) => ({ url, filename: name, sizeBytes: size })),
  );
  await answer(interaction, trainingQuestion(await describeDraft(bot, draft)));
}

/** Gives it up. */
export async function discardTrainingNow(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  await deferChange(interaction);
  const where = { draftId: rowId, userId: interaction.user.id };
  await requireDraft(bot, where);
  await discardDraft(bot, where);
  await changeSource(interaction, draftDiscarded());
}
