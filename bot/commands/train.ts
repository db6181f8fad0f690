/** @file `/train`: opens the form, or takes photos straight from its options. */
import { SlashCommandBuilder } from 'discord.js';
import { checkPhotoCount } from '../intake/photos.ts';
import { requestTraining } from '../intake/request-training.ts';
import { trainingAnswer } from '../intake/training-answer.ts';
import { checkPlace, findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer, openForm } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { photoCount, refusals } from '../views/refusals.ts';
import { buildTrainForm, trainConsent, trainFieldLength } from '../views/train-form.ts';
import type { Command } from './command.ts';
import { offerAnywhere } from './places.ts';

const photoOptions = Array.from({ length: photoCount.max }, (_, index) => `photo${index + 1}`);

/** Shown in the form where the base knows every noun. */
const usualClassNouns = ['dog', 'cat', 'mug', 'toy', 'backpack'];

const builder = offerAnywhere(new SlashCommandBuilder())
  .setName('train')
  .setDescription('Teach me your subject from 3 to 10 photos that you may use')
  .addStringOption((option) =>
    option
      .setName('class')
      .setDescription('What it is, in one to three plain words')
      .setMaxLength(100)
      .setAutocomplete(true),
  )
  .addStringOption((option) =>
    option
      .setName('name')
      .setDescription('Its name, which you will write as [name] in prompts')
      .setMaxLength(trainFieldLength.name),
  )
  .addBooleanOption((option) =>
    option.setName(trainConsent.option).setDescription(trainConsent.optionDescription),
  );
for (const name of photoOptions) {
  builder.addAttachmentOption((option) =>
    option.setName(name).setDescription('A photo; without any, a form opens').setFileTypes('image'),
  );
}

export const train = {
  definition: builder.toJSON(),

  async run(interaction, bot) {
    const photos = photoOptions.flatMap((name) => interaction.options.getAttachment(name) ?? []);
    const classNoun = interaction.options.getString('class');
    const name = interaction.options.getString('name');
    // Before a form that would be filled in for nothing.
    await checkPlace(interaction, bot.db);
    if (photos.length === 0) {
      // Nothing slow may come before: a form must be the first answer, within 3 s.
      const exampleClassNouns = bot.classNouns ?? usualClassNouns;
      await openForm(interaction, buildTrainForm({ classNoun, name, exampleClassNouns }));
      return;
    }
    await deferAnswer(interaction);
    const place = await findPlace(interaction, bot.db);
    if (interaction.options.getBoolean(trainConsent.option) !== true) {
      throw new UserError('NO_CONSENT', refusals.noConsentOption());
    }
    checkPhotoCount(photos.length);
    const requested = await requestTraining(bot, {
      ...place,
      userId: interaction.user.id,
      classNoun,
      name,
      photos: photos.map(({ url, name: filename, size }) => ({ url, filename, sizeBytes: size })),
    });
    await answer(interaction, await trainingAnswer(bot, requested, place.askedInId));
  },

  async autocomplete(interaction, bot) {
    const typed = interaction.options.getFocused().trim().toLowerCase();
    return (bot.classNouns ?? [])
      .filter((noun) => noun.includes(typed))
      .sort((a, b) => Number(b.startsWith(typed)) - Number(a.startsWith(typed)))
      .map((noun) => ({ name: noun, value: noun }));
  },
} satisfies Command;
