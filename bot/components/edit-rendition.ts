/** @file ✏️ under pictures: opens the form, and draws what was sent with it. */
import type { ButtonInteraction, ModalSubmitInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonTarget, FormTarget } from '../custom-ids.ts';
import { findRenditionAtHand } from '../intake/rendition-at-hand.ts';
import { drawEdited, type Edits } from '../intake/rerun-rendition.ts';
import { checkPlace, findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer, openForm } from '../interactions/respond.ts';
import { optionRanges } from '../rendition-limits.ts';
import { UserError } from '../user-error.ts';
import { buildEditForm, editFields } from '../views/edit-form.ts';
import { type NumberField, refusals } from '../views/refusals.ts';
import { renditionAnswer } from '../views/rendition.ts';

/** Opens the form. It must be the first answer, so nothing but the row is looked up before. */
export async function openEditForm(
  interaction: ButtonInteraction,
  bot: BotContext,
  { rowId }: ButtonTarget,
): Promise<void> {
  const viewer = await checkPlace(interaction, bot.db);
  const { rendition } = await findRenditionAtHand(bot, viewer, rowId);
  await openForm(interaction, buildEditForm(rendition));
}

/** Draws what the form says. */
export async function takeEditForm(
  interaction: ModalSubmitInteraction,
  bot: BotContext,
  { rowId }: FormTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const place = await findPlace(interaction, bot.db);
  const taken = await drawEdited(bot, place, rowId, readEdits(interaction));
  await answer(interaction, renditionAnswer({ kind: 'taken', ...taken }, place.askedInId));
}

/** @throws {UserError} naming the first field that is no number in its range */
function readEdits({ fields }: ModalSubmitInteraction): Edits {
  const text = (id: string) => (fields.fields.has(id) ? fields.getTextInputValue(id).trim() : '');
  const number = (id: NumberField, { min, max }: { min: number; max: number }) => {
    if (text(id) === '') return undefined;
    const value = Number(text(id).replace(',', '.'));
    if (value >= min && value <= max) return value;
    throw new UserError('NUMBER_MALFORMED', refusals.numberMalformed(id, min, max));
  };
  const steps = number(editFields.steps, optionRanges.steps);
  return {
    prompt: text(editFields.prompt),
    seed: readSeed(text(editFields.seed)),
    settings: {
      negativePrompt: text(editFields.negative),
      guidanceScale: number(editFields.guidance, optionRanges.guidance),
      numInferenceSteps: steps === undefined ? undefined : Math.round(steps),
      strength: number(editFields.strength, optionRanges.strength),
    },
  };
}

function readSeed(text: string): number | null {
  if (text === '') return null;
  const { min, max } = optionRanges.seed;
  if (/^\d{1,10}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new UserError('SEED_MALFORMED', refusals.seedMalformed());
}
