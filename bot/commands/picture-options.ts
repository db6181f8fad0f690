/** @file The options that name one of the user's own pictures: their definitions, their choices, and how they are read. */
import type { AutocompleteInteraction, ChatInputCommandInteraction } from 'discord.js';
import { listFinishedRenditions } from '#db/queries/renditions.ts';
import type { BotContext } from '../context.ts';
import type { PictureTarget } from '../intake/rerun-rendition.ts';
import { optionRanges } from '../rendition-limits.ts';
import { UserError } from '../user-error.ts';
import { renditionChoice } from '../views/gallery.ts';
import { refusals } from '../views/refusals.ts';
import type { OptionsBuilder } from './rendition-options.ts';

/** Adds them. */
export function addPictureOptions(builder: OptionsBuilder): void {
  builder.addStringOption((option) =>
    option
      .setName('rendition')
      .setDescription('Which prompt of yours; without it, your latest')
      .setMaxLength(100)
      .setAutocomplete(true),
  );
  builder.addIntegerOption((option) =>
    option
      .setName('picture')
      .setDescription('Which of its pictures, 1 to 4; without it, the first')
      .setMinValue(optionRanges.count.min)
      .setMaxValue(optionRanges.count.max),
  );
}

/** @throws {UserError} where the user has no such finished picture */
export async function readPictureOptions(
  { options, user }: ChatInputCommandInteraction,
  bot: Pick<BotContext, 'db'>,
): Promise<PictureTarget> {
  const wanted = options.getString('rendition');
  const [latest] =
    wanted === null ? await listFinishedRenditions(bot.db, { userId: user.id, limit: 1 }) : [];
  const renditionId = wanted ?? latest?.id;
  if (renditionId === undefined) throw new UserError('NO_PICTURE', refusals.noPictureYet());
  if (!UUID.test(renditionId)) throw new UserError('UNKNOWN_PICTURE', refusals.unknownPicture());
  return { renditionId, pictureIndex: (options.getInteger('picture') ?? 1) - 1 };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @returns the user's newest finished renditions whose prompt holds what was typed */
export async function choosePictures(interaction: AutocompleteInteraction, bot: BotContext) {
  const typed = interaction.options.getFocused().toLowerCase();
  const finished = await listFinishedRenditions(bot.db, {
    userId: interaction.user.id,
    limit: RECENT,
  });
  return finished.filter(({ prompt }) => prompt.toLowerCase().includes(typed)).map(renditionChoice);
}

/** How many renditions are looked through; Discord shows 25 of those that match. */
const RECENT = 100;
