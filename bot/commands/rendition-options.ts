/** @file The options that say how a picture is made: their definitions, and how they are read. */
import type {
  ChatInputCommandInteraction,
  SlashCommandBuilder,
  SlashCommandSubcommandBuilder,
} from 'discord.js';
import { aspects, type OwnDefaults, samplerNames } from '#db/jobs/render-prompt.ts';
import type { GivenWish } from '../intake/own-defaults.ts';
import type { PhotoLink } from '../intake/photos.ts';
import { optionRanges } from '../rendition-limits.ts';
import { UserError } from '../user-error.ts';
import { aspectLabels, samplerLabels } from '../views/options.ts';
import { refusals } from '../views/refusals.ts';

const { count, steps, guidance, seed, strength, negativeLength } = optionRanges;

/** A command that options are added to. */
export type OptionsBuilder = Pick<
  SlashCommandBuilder,
  'addStringOption' | 'addIntegerOption' | 'addNumberOption' | 'addAttachmentOption'
>;
/** A command or subcommand that options are added to. */
type AnyBuilder = OptionsBuilder | SlashCommandSubcommandBuilder;

const adders = {
  count: (builder) =>
    builder.addIntegerOption((option) =>
      option
        .setName('count')
        .setDescription('How many pictures, 1 to 4')
        .setMinValue(count.min)
        .setMaxValue(count.max),
    ),
  aspect: (builder) =>
    builder.addStringOption((option) =>
      option
        .setName('aspect')
        .setDescription('Width to height')
        .addChoices(...aspects.map((value) => ({ name: aspectLabels[value], value }))),
    ),
  negative: (builder) =>
    builder.addStringOption((option) =>
      option
        .setName('negative')
        .setDescription('What the picture should not show')
        .setMaxLength(negativeLength),
    ),
  seed: (builder) =>
    builder.addIntegerOption((option) =>
      option
        .setName('seed')
        .setDescription('The same seed draws the same picture')
        .setMinValue(seed.min)
        .setMaxValue(seed.max),
    ),
  picture: (builder) =>
    builder.addAttachmentOption((option) =>
      option
        .setName('picture')
        .setDescription('A picture to start from; it is deleted when mine is drawn')
        .setFileTypes('image'),
    ),
  strength: (builder) =>
    builder.addNumberOption((option) =>
      option
        .setName('strength')
        .setDescription('How far to go from that picture: 0.3 stays near it, 0.9 goes far')
        .setMinValue(strength.min)
        .setMaxValue(strength.max),
    ),
  guidance: (builder) =>
    builder.addNumberOption((option) =>
      option
        .setName('guidance')
        .setDescription('How closely to follow the prompt; high values look harsh')
        .setMinValue(guidance.min)
        .setMaxValue(guidance.max),
    ),
  steps: (builder) =>
    builder.addIntegerOption((option) =>
      option
        .setName('steps')
        .setDescription('How many steps a picture takes; more is slower')
        .setMinValue(steps.min)
        .setMaxValue(steps.max),
    ),
  sampler: (builder) =>
    builder.addStringOption((option) =>
      option
        .setName('sampler')
        .setDescription('The method that the steps follow')
        .addChoices(...samplerNames.map((value) => ({ name: samplerLabels[value], value }))),
    ),
} as const satisfies Record<string, (builder: AnyBuilder) => unknown>;

type OptionName = keyof typeof adders;

/** Adds them, those first that are used most. */
export function addRenditionOptions(
  builder: AnyBuilder,
  names = Object.keys(adders) as readonly OptionName[],
): void {
  for (const name of names) adders[name](builder);
}

/**
 * Reads what a user can also have as defaults. A forged interaction may hold anything; what breaks Discord's ranges
 * counts as absent.
 */
export function readDefaultableOptions({ options }: ChatInputCommandInteraction): OwnDefaults {
  return {
    count: inRange(options.getInteger('count'), count),
    aspect: aspects.find((aspect) => aspect === options.getString('aspect')),
    sampler: samplerNames.find((name) => name === options.getString('sampler')),
    numInferenceSteps: inRange(options.getInteger('steps'), steps),
    guidanceScale: inRange(options.getNumber('guidance'), guidance),
    negativePrompt: options.getString('negative') ?? undefined,
  };
}

/**
 * Reads them all, as {@link readDefaultableOptions} does.
 *
 * @throws {UserError} where a strength comes without a picture
 */
export function readRenditionOptions(
  interaction: ChatInputCommandInteraction,
  prompt: string,
): { wish: GivenWish; picture: PhotoLink | undefined } {
  const { options } = interaction;
  const attachment = options.getAttachment('picture');
  const strengthGiven = inRange(options.getNumber('strength'), strength);
  if (strengthGiven !== undefined && !attachment) {
    throw new UserError('STRENGTH_WITHOUT_PICTURE', refusals.strengthWithoutPicture());
  }
  const { count: countGiven, ...settings } = readDefaultableOptions(interaction);
  return {
    wish: {
      prompt,
      seed: inRange(options.getInteger('seed'), seed) ?? null,
      count: countGiven,
      settings: { ...settings, strength: strengthGiven },
    },
    picture: attachment
      ? { url: attachment.url, filename: attachment.name, sizeBytes: attachment.size }
      : undefined,
  };
}

const inRange = (value: number | null, { min, max }: { min: number; max: number }) =>
  value !== null && value >= min && value <= max ? value : undefined;
