/** @file The options that say how a picture is made: their definitions, and how they are read. */
import type { ChatInputCommandInteraction, SlashCommandBuilder } from 'discord.js';
import { aspects, type RenditionWish, samplerNames } from '#db/jobs/render-prompt.ts';
import type { PhotoLink } from '../intake/photos.ts';
import { optionRanges, renditionDefaults } from '../rendition-limits.ts';
import { UserError } from '../user-error.ts';
import { aspectLabels, samplerLabels } from '../views/options.ts';
import { refusals } from '../views/refusals.ts';

const { count, steps, guidance, seed, strength, negativeLength } = optionRanges;

/** A command that options are added to. */
export type OptionsBuilder = Pick<
  SlashCommandBuilder,
  'addStringOption' | 'addIntegerOption' | 'addNumberOption' | 'addAttachmentOption'
>;

/** Adds them, those first that are used most. */
export function addRenditionOptions(builder: OptionsBuilder): void {
  builder.addIntegerOption((option) =>
    option
      .setName('count')
      .setDescription('How many pictures, 1 to 4')
      .setMinValue(count.min)
      .setMaxValue(count.max),
  );
  builder.addStringOption((option) =>
    option
      .setName('aspect')
      .setDescription('Width to height')
      .addChoices(...aspects.map((value) => ({ name: aspectLabels[value], value }))),
  );
  builder.addStringOption((option) =>
    option
      .setName('negative')
      .setDescription('What the picture should not show')
      .setMaxLength(negativeLength),
  );
  builder.addIntegerOption((option) =>
    option
      .setName('seed')
      .setDescription('The same seed draws the same picture')
      .setMinValue(seed.min)
      .setMaxValue(seed.max),
  );
  builder.addAttachmentOption((option) =>
    option
      .setName('picture')
      .setDescription('A picture to start from; it is deleted when mine is drawn')
      .setFileTypes('image'),
  );
  builder.addNumberOption((option) =>
    option
      .setName('strength')
      .setDescription('How far to go from that picture: 0.3 stays near it, 0.9 goes far')
      .setMinValue(strength.min)
      .setMaxValue(strength.max),
  );
  builder.addNumberOption((option) =>
    option
      .setName('guidance')
      .setDescription('How closely to follow the prompt; high values look harsh')
      .setMinValue(guidance.min)
      .setMaxValue(guidance.max),
  );
  builder.addIntegerOption((option) =>
    option
      .setName('steps')
      .setDescription('How many steps a picture takes; more is slower')
      .setMinValue(steps.min)
      .setMaxValue(steps.max),
  );
  builder.addStringOption((option) =>
    option
      .setName('sampler')
      .setDescription('The method that the steps follow')
      .addChoices(...samplerNames.map((value) => ({ name: samplerLabels[value], value }))),
  );
}

/**
 * Reads them. A forged interaction may hold anything; what breaks Discord's ranges counts as absent.
 *
 * @throws {UserError} where a strength comes without a picture
 */
export function readRenditionOptions(
  { options }: ChatInputCommandInteraction,
  prompt: string,
): { wish: RenditionWish; picture: PhotoLink | undefined } {
  const attachment = options.getAttachment('picture');
  const number = (name: string, range: { min: number; max: number }) =>
    inRange(options.getNumber(name), range);
  const integer = (name: string, range: { min: number; max: number }) =>
    inRange(options.getInteger(name), range);
  const settings = {
    aspect: aspects.find((aspect) => aspect === options.getString('aspect')),
    sampler: samplerNames.find((name) => name === options.getString('sampler')),
    numInferenceSteps: integer('steps', steps),
    guidanceScale: number('guidance', guidance),
    strength: number('strength', strength),
    negativePrompt: options.getString('negative') ?? undefined,
  };
  if (settings.strength !== undefined && !attachment) {
    throw new UserError('STRENGTH_WITHOUT_PICTURE', refusals.strengthWithoutPicture());
  }
  return {
    wish: {
      prompt,
      seed: integer('seed', seed) ?? null,
      count: integer('count', count) ?? renditionDefaults.count,
      settings,
    },
    picture: attachment
      ? { url: attachment.url, filename: attachment.name, sizeBytes: attachment.size }
      : undefined,
  };
}

const inRange = (value: number | null, { min, max }: { min: number; max: number }) =>
  value !== null && value >= min && value <= max ? value : undefined;
