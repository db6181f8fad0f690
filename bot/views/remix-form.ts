/** @file The form of *Remix with my subject*: which subject, and the prompt. */
import {
  LabelBuilder,
  ModalBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
} from 'discord.js';
import type { Subject } from '#db/schema/subjects.ts';
import { buildCustomId } from '../custom-ids.ts';
import { MAX_PROMPT_CHARACTERS } from '../prompts.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import { subjectOption } from './subjects.ts';
import { fitText } from './text.ts';

/** Ids of the fields. */
export const remixFields = { subject: 'subject', prompt: 'prompt' } as const;

/** @param remix.subjects one to 25 */
export function buildRemixForm(remix: {
  readonly renditionId: string;
  readonly prompt: string;
  readonly subjects: readonly Subject[];
}): ModalBuilder {
  const prompt = fitText(remix.prompt, MAX_PROMPT_CHARACTERS);
  return new ModalBuilder()
    .setCustomId(buildCustomId('remix', remix.renditionId))
    .setTitle(say('Remix with my subject'))
    .addLabelComponents(
      new LabelBuilder()
        .setLabel(say('Subject'))
        .setDescription(say('Goes where the prompt says [V]'))
        .setStringSelectMenuComponent(
          new StringSelectMenuBuilder()
            .setCustomId(remixFields.subject)
            .setRequired(true)
            .addOptions(remix.subjects.slice(0, limits.choices).map(subjectOption)),
        ),
      new LabelBuilder()
        .setLabel(say('Prompt'))
        .setDescription(say('Seed and settings stay as they were'))
        .setTextInputComponent(
          new TextInputBuilder()
            .setCustomId(remixFields.prompt)
            .setStyle(TextInputStyle.Paragraph)
            .setMaxLength(MAX_PROMPT_CHARACTERS)
            .setRequired(true)
            .setValue(prompt),
        ),
    );
}
