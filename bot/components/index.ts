/** @file Every button, menu and form there is, by what its custom id says. */
import type {
  ButtonInteraction,
  ModalSubmitInteraction,
  StringSelectMenuInteraction,
} from 'discord.js';
import type { BotContext } from '../context.ts';
import type {
  ButtonAction,
  ButtonTarget,
  FormAction,
  FormTarget,
  SelectAction,
  SelectTarget,
} from '../custom-ids.ts';
import { HELP_MENU } from '../views/help.ts';
import { trainForm } from '../views/train-form.ts';
import { cancelRendition } from './cancel-rendition.ts';
import { cancelTraining } from './cancel-training.ts';
import { chooseSubject } from './choose-subject.ts';
import { askToDelete, deletePicturesNow } from './delete-rendition.ts';
import { deleteSubjectNow, keepSubject } from './delete-subject.ts';
import { openEditForm, takeEditForm } from './edit-rendition.ts';
import { finishTraining } from './finish-training.ts';
import { reportPostNow, turnGalleryPage, unpublishPost, voteForPost } from './gallery-post.ts';
import { showHelpTopic } from './help-topic.ts';
import { publishRendition } from './publish-rendition.ts';
import { decidePublishRequest } from './publish-request.ts';
import { openRemixForm, takeRemixForm } from './remix-rendition.ts';
import { showRenditionInfo } from './rendition-info.ts';
import { decideReportNow } from './report-decision.ts';
import { drawAgainNow, enlargePictureNow, varyPictureNow } from './rerun-rendition.ts';
import { takeTrainForm } from './train-form.ts';
import {
  discardTrainingNow,
  openReplaceForm,
  startTrainingNow,
  takeReplaceForm,
} from './training-draft.ts';
import { useWeights } from './use-weights.ts';

/** Handles a button; everything it needs to know is in the row that the custom id names. */
export type ButtonHandler = (
  interaction: ButtonInteraction,
  bot: BotContext,
  target: ButtonTarget,
) => Promise<void>;

/** Handles a menu, likewise. */
export type SelectHandler = (
  interaction: StringSelectMenuInteraction,
  bot: BotContext,
  target: SelectTarget,
) => Promise<void>;

/** Handles a form that is about a row, likewise. */
export type FormHandler = (
  interaction: ModalSubmitInteraction,
  bot: BotContext,
  target: FormTarget,
) => Promise<void>;

/** Handles a menu that is about no row. */
export interface MenuHandler {
  readonly customId: string;
  run(interaction: StringSelectMenuInteraction, bot: BotContext): Promise<void>;
}

/** Handles a form that is about nothing that is there yet. */
export interface ModalHandler {
  readonly customId: string;
  run(interaction: ModalSubmitInteraction, bot: BotContext): Promise<void>;
}

export const buttons = {
  'train-start': startTrainingNow,
  'train-replace': openReplaceForm,
  'train-discard': discardTrainingNow,
  cancel: cancelTraining,
  finish: finishTraining,
  'use-weights': useWeights,
  publish: publishRendition,
  delete: deleteSubjectNow,
  keep: keepSubject,
  page: turnGalleryPage,
  vote: voteForPost,
  remix: openRemixForm,
  report: reportPostNow,
  unpublish: unpublishPost,
  allow: decidePublishRequest,
  refuse: decidePublishRequest,
  approve: decideReportNow,
  deny: decideReportNow,
  'cancel-rendition': cancelRendition,
  'enlarge-2': enlargePictureNow,
  'enlarge-4': enlargePictureNow,
  'vary-subtle': varyPictureNow,
  'vary-strong': varyPictureNow,
  again: drawAgainNow,
  edit: openEditForm,
  info: showRenditionInfo,
  'delete-pictures': askToDelete,
  'delete-pictures-now': deletePicturesNow,
} as const satisfies Record<ButtonAction, ButtonHandler>;

export const selects = {
  'choose-subject': chooseSubject,
} as const satisfies Record<SelectAction, SelectHandler>;

export const forms = {
  edit: takeEditForm,
  remix: takeRemixForm,
  'train-replace': takeReplaceForm,
} as const satisfies Record<FormAction, FormHandler>;

export const menus = [
  { customId: HELP_MENU, run: showHelpTopic },
] as const satisfies readonly MenuHandler[];

export const modals = [
  { customId: trainForm.customId, run: takeTrainForm },
] as const satisfies readonly ModalHandler[];
