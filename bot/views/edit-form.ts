/** @file The form of ✏️: the words and numbers of a rendition, to be changed and drawn. */
import { LabelBuilder, ModalBuilder, TextInputBuilder, TextInputStyle } from 'discord.js';
import type { Rendition } from '#db/schema/renditions.ts';
import { buildCustomId } from '../custom-ids.ts';
import { MAX_PROMPT_CHARACTERS } from '../prompts.ts';
import { optionRanges } from '../rendition-limits.ts';
import { say } from '../words/say.ts';
import { fitText } from './text.ts';

/** Ids of the fields. */
export const editFields = {
  prompt: 'prompt',
  negative: 'negative',
  seed: 'seed',
  guidance: 'guidance',
  steps: 'steps',
  strength: 'strength',
} as const;

/** What the form shows of a rendition. */
type EditedRendition = Pick<
  Rendition,
  'id' | 'prompt' | 'seed' | 'settings' | 'renderedWith' | 'sourceId'
>;

/** @returns whether the last field is the strength, as where a picture is started from, instead of the steps */
export function asksStrength({ settings, sourceId }: Pick<Rendition, 'settings' | 'sourceId'>) {
  return settings.enlarge === undefined && settings.strength !== undefined && sourceId !== null;
}

/** @returns the form, filled with what the rendition was made with */
export function buildEditForm(rendition: EditedRendition): ModalBuilder {
  const { settings, renderedWith } = rendition;
  const guidance = settings.guidanceScale ?? renderedWith?.guidanceScale;
  const steps = settings.numInferenceSteps ?? renderedWith?.numInferenceSteps;
  return new ModalBuilder()
    .setCustomId(buildCustomId('edit', rendition.id))
    .setTitle(say('Edit and draw'))
    .addLabelComponents(
      field(say('Prompt'), say('With [V] or [name] where the subject goes'), {
        id: editFields.prompt,
        value: rendition.prompt,
        maxLength: MAX_PROMPT_CHARACTERS,
        isLong: true,
      }),
      field(say('Negative prompt'), say('What the picture should not show'), {
        id: editFields.negative,
        value: settings.negativePrompt,
        maxLength: optionRanges.negativeLength,
        isLong: true,
      }),
      field(say('Seed'), say('The same seed draws the same; empty for any'), {
        id: editFields.seed,
        value: rendition.seed,
      }),
      field(say('Guidance'), say('How closely to follow the prompt, 0 to 30'), {
        id: editFields.guidance,
        value: guidance,
      }),
      asksStrength(rendition)
        ? field(say('Strength'), say('How far to go from the picture, 0.05 to 1'), {
            id: editFields.strength,
            value: settings.strength,
          })
        : field(say('Steps'), say('More is slower'), { id: editFields.steps, value: steps }),
    );
}

function field(
  label: string,
  description: string,
  input: {
    id: string;
    value: string | number | undefined;
    maxLength?: number;
    isLong?: boolean;
  },
): LabelBuilder {
  const maxLength = input.maxLength ?? 20;
  const text = new TextInputBuilder()
    .setCustomId(input.id)
    .setStyle(input.isLong ? TextInputStyle.Paragraph : TextInputStyle.Short)
    .setMaxLength(maxLength)
    .setRequired(input.id === editFields.prompt);
  const value = fitText(String(input.value ?? ''), maxLength);
  if (value !== '') text.setValue(value);
  return new LabelBuilder().setLabel(label).setDescription(description).setTextInputComponent(text);
}
