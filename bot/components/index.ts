/** @file Every button and form there is, by what its custom id says. */
import type { ButtonInteraction, ModalSubmitInteraction } from 'discord.js';
import type { BotContext } from '../context.ts';
import type { ButtonAction, ButtonTarget } from '../custom-ids.ts';
import { trainForm } from '../views/train-form.ts';
import { cancelTraining } from './cancel-training.ts';
import { deleteSubjectNow, keepSubject } from './delete-subject.ts';
import { turnGalleryPage } from './gallery-page.ts';
import { publishRendition } from './publish-rendition.ts';
import { takeTrainForm } from './train-form.ts';

/** Handles a button; everything it needs to know is in the row that the custom id names. */
export type ButtonHandler = (
  interaction: ButtonInteraction,
  bot: BotContext,
  target: ButtonTarget,
) => Promise<void>;

/** Handles a form. */
export interface ModalHandler {
  readonly customId: string;
  run(interaction: ModalSubmitInteraction, bot: BotContext): Promise<void>;
}

export const components = {
  cancel: cancelTraining,
  publish: publishRendition,
  delete: deleteSubjectNow,
  keep: keepSubject,
  'gallery-older': turnGalleryPage,
  'gallery-newer': turnGalleryPage,
} as const satisfies Record<ButtonAction, ButtonHandler>;

export const modals = [
  { customId: trainForm.customId, run: takeTrainForm },
] as const satisfies readonly ModalHandler[];
