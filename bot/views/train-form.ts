/** @file The form that `/train` opens: photos, what it is, its name, and the consent without which nothing is learned. */
import {
  CheckboxGroupBuilder,
  FileUploadBuilder,
  LabelBuilder,
  ModalBuilder,
  TextInputBuilder,
  TextInputStyle,
} from 'discord.js';
import { say } from '../words/say.ts';
import { photoCount } from './refusals.ts';
import { fitText, oneLine } from './text.ts';

/** Ids of the form and its fields. */
export const trainForm = {
  customId: 'train',
  photos: 'photos',
  classNoun: 'class',
  name: 'name',
  consent: 'consent',
  /** The value of the consent box when it is ticked. */
  consentGiven: 'yes',
} as const;

/** What the user agrees to: a box of the form, or an option of the command where photos come as options. */
export const trainConsent = {
  option: 'consent',
  optionDescription:
    'I may use these photos to make pictures; they are stored encrypted until I delete the subject',
} as const;

/** Longest name and class that the fields take. */
export const trainFieldLength = { name: 32, classNoun: 40 } as const;

/** @param given what the command's options said already */
export function buildTrainForm(given: {
  classNoun: string | null;
  name: string | null;
  exampleClassNouns: readonly string[];
}): ModalBuilder {
  const classNoun = new TextInputBuilder()
    .setCustomId(trainForm.classNoun)
    .setStyle(TextInputStyle.Short)
    .setMaxLength(trainFieldLength.classNoun)
    .setPlaceholder(fitText(given.exampleClassNouns.slice(0, 5).join(', '), 100))
    .setRequired(true);
  const name = new TextInputBuilder()
    .setCustomId(trainForm.name)
    .setStyle(TextInputStyle.Short)
    .setMaxLength(trainFieldLength.name)
    .setPlaceholder('Rex')
    .setRequired(true);
  if (given.classNoun)
    classNoun.setValue(fitText(oneLine(given.classNoun), trainFieldLength.classNoun));
  if (given.name) name.setValue(fitText(oneLine(given.name), trainFieldLength.name));
  return new ModalBuilder()
    .setCustomId(trainForm.customId)
    .setTitle(say('Teach me your subject'))
    .addLabelComponents(
      new LabelBuilder()
        .setLabel(say('Photos'))
        .setDescription(say('3 to 10 different photos of the same subject'))
        .setFileUploadComponent(
          new FileUploadBuilder()
            .setCustomId(trainForm.photos)
            .setMinValues(photoCount.min)
            .setMaxValues(photoCount.max)
            .setFileTypes('image')
            .setRequired(true),
        ),
      new LabelBuilder()
        .setLabel(say('What is it?'))
        .setDescription(say('One to three plain words'))
        .setTextInputComponent(classNoun),
      new LabelBuilder()
        .setLabel(say('Its name'))
        .setDescription(say('You will write it as [name] in prompts'))
        .setTextInputComponent(name),
      new LabelBuilder().setLabel(say('Consent')).setCheckboxGroupComponent(
        new CheckboxGroupBuilder()
          .setCustomId(trainForm.consent)
          .setMinValues(1)
          .setMaxValues(1)
          .setRequired(true)
          .addOptions({
            value: trainForm.consentGiven,
            label: say('I may use these photos to make pictures'),
            description: say('They are stored encrypted until you delete the subject'),
          }),
      ),
    );
}
