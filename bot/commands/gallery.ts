/** @file `/gallery publish|browse`. */
import {
  ApplicationIntegrationType,
  InteractionContextType,
  SlashCommandBuilder,
} from 'discord.js';
import { listFinishedRenditions } from '#db/queries/renditions.ts';
import { publishPicture, readGalleryPage } from '../intake/gallery.ts';
import { checkGuild } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { publishedAnswer, renditionChoice } from '../views/gallery.ts';
import { refusals } from '../views/refusals.ts';
import type { Command } from './command.ts';

export const gallery = {
  definition: new SlashCommandBuilder()
    .setName('gallery')
    .setDescription("This server's gallery")
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((command) =>
      command.setName('browse').setDescription('Show its newest pictures'),
    )
    .addSubcommand((command) =>
      command
        .setName('publish')
        .setDescription('Put a picture of yours into the gallery')
        .addStringOption((option) =>
          option
            .setName('rendition')
            .setDescription('Which prompt; without it, your latest')
            .setMaxLength(100)
            .setAutocomplete(true),
        )
        .addIntegerOption((option) =>
          option
            .setName('picture')
            .setDescription('Which of its pictures, 1 to 4')
            .setMinValue(1)
            .setMaxValue(4),
        ),
    )
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const guildId = checkGuild(interaction);
    if (interaction.options.getSubcommand() === 'browse') {
      await answer(interaction, await readGalleryPage(bot, guildId));
      return;
    }
    const userId = interaction.user.id;
    const finished = await listFinishedRenditions(bot.db, { userId, guildId });
    const wanted = interaction.options.getString('rendition');
    const rendition = wanted === null ? finished[0] : finished.find(({ id }) => id === wanted);
    if (!rendition) throw new UserError('NOTHING_TO_PUBLISH', refusals.nothingToPublish());
    const pictureIndex = (interaction.options.getInteger('picture') ?? 1) - 1;
    const published = await publishPicture(bot, {
      renditionId: rendition.id,
      pictureIndex,
      guildId,
      userId,
    });
    await answer(interaction, publishedAnswer(published.outcome));
  },

  async autocomplete(interaction, bot) {
    if (interaction.guildId === null) return [];
    const typed = interaction.options.getFocused().toLowerCase();
    const finished = await listFinishedRenditions(bot.db, {
      userId: interaction.user.id,
      guildId: interaction.guildId,
    });
    return finished
      .filter(({ prompt }) => prompt.toLowerCase().includes(typed))
      .map(renditionChoice);
  },
} satisfies Command;
