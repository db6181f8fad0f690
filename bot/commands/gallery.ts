/** @file `/gallery browse|top|mine|publish|unpublish`. */
import {
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  SlashCommandBuilder,
} from 'discord.js';
import { listGalleryPage } from '#db/queries/gallery-pages.ts';
import { findPostByMessage } from '#db/queries/gallery-posts.ts';
import { listFinishedRenditions } from '#db/queries/renditions.ts';
import { findSubjectByName } from '#db/queries/shares.ts';
import { searchUsableSubjects } from '#db/queries/subject-search.ts';
import type { BotContext } from '../context.ts';
import type { GalleryLook } from '../gallery-tail.ts';
import { publishPicture, readGalleryPage } from '../intake/gallery.ts';
import { withdraw } from '../intake/withdraw-post.ts';
import { askerOf, checkGuild, checkPlace, isModerator } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { styles } from '../styles.ts';
import { UserError } from '../user-error.ts';
import { postChoice, renditionChoice, styleChoices, topChoices } from '../views/gallery.ts';
import type { MessageView } from '../views/message-view.ts';
import { refusals } from '../views/refusals.ts';
import { subjectChoice } from '../views/subjects.ts';
import { oneLine } from '../views/text.ts';
import type { Command } from './command.ts';
import { offerInServers } from './places.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const gallery = {
  definition: offerInServers(new SlashCommandBuilder())
    .setName('gallery')
    .setDescription("This server's gallery")
    .addSubcommand((command) =>
      command
        .setName('browse')
        .setDescription('Look at its pictures')
        .addStringOption((option) =>
          option
            .setName('subject')
            .setDescription('Only pictures of this subject')
            .setMaxLength(100)
            .setAutocomplete(true),
        )
        .addUserOption((option) =>
          option.setName('author').setDescription('Only pictures by this person'),
        )
        .addStringOption((option) =>
          option
            .setName('style')
            .setDescription('Only pictures in this style')
            .addChoices(...styleChoices),
        )
        .addStringOption((option) =>
          option
            .setName('top')
            .setDescription('The most votes first, instead of the newest')
            .addChoices(...topChoices),
        ),
    )
    .addSubcommand((command) =>
      command
        .setName('top')
        .setDescription('Look at the pictures with the most votes')
        .addStringOption((option) =>
          option
            .setName('of')
            .setDescription('Of which time; without it, of the week')
            .addChoices(...topChoices),
        ),
    )
    .addSubcommand((command) =>
      command
        .setName('mine')
        .setDescription('Look at your own, and at what waits for your consent'),
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
    .addSubcommand((command) =>
      command
        .setName('unpublish')
        .setDescription('Take a picture out of the gallery')
        .addStringOption((option) =>
          option
            .setName('picture')
            .setDescription('Which one; moderators give a link to its message')
            .setRequired(true)
            .setMaxLength(200)
            .setAutocomplete(true),
        ),
    )
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    checkGuild(interaction);
    const subcommand = interaction.options.getSubcommand();
    const handler = subcommands[subcommand as keyof typeof subcommands] as Handler | undefined;
    if (!handler) throw new UserError('UNKNOWN_COMMAND', refusals.unknownCommand());
    await answer(interaction, await handler(interaction, bot));
  },

  async autocomplete(interaction, bot) {
    if (interaction.guildId === null) return [];
    const { name, value } = interaction.options.getFocused(true);
    if (name === 'subject') {
      const found = await searchUsableSubjects(bot.db, { ...askerOf(interaction), query: value });
      return found.map(({ subject, access }) => subjectChoice(subject, access));
    }
    const typed = value.toLowerCase();
    return name === 'rendition'
      ? suggestRenditions(interaction, bot, typed)
      : suggestPosts(interaction, bot, typed);
  },
} satisfies Command;

type Handler = (interaction: ChatInputCommandInteraction, bot: BotContext) => Promise<MessageView>;

const subcommands = {
  async browse(interaction, bot) {
    const { options } = interaction;
    const style = styles.find((known) => known === options.getString('style'));
    return readPage(interaction, bot, {
      order: orderOf(options.getString('top')) ?? 'newest',
      authorId: options.getUser('author')?.id,
      subjectId: await findSubjectId(interaction, bot, options.getString('subject')),
      style,
    });
  },

  top: (interaction, bot) =>
    readPage(interaction, bot, { order: orderOf(interaction.options.getString('of')) ?? 'week' }),

  mine: (interaction, bot) => readPage(interaction, bot, { order: 'mine' }),

  async publish(interaction, bot) {
    const { userId, channelId } = await checkPlace(interaction, bot.db);
    const guildId = checkGuild(interaction);
    const finished = await listFinishedRenditions(bot.db, { userId, guildId });
    const wanted = interaction.options.getString('rendition');
    const rendition = wanted === null ? finished[0] : finished.find(({ id }) => id === wanted);
    if (!rendition && wanted !== null) {
      throw new UserError('UNKNOWN_PICTURE', refusals.unknownPicture());
    }
    if (!rendition) throw new UserError('NOTHING_TO_PUBLISH', refusals.nothingToPublish());
    const pictureIndex = (interaction.options.getInteger('picture') ?? 1) - 1;
    const picture = { renditionId: rendition.id, pictureIndex };
    return publishPicture(bot, { ...picture, guildId, channelId, userId });
  },

  async unpublish(interaction, bot) {
    const chosen = interaction.options.getString('picture', true).trim();
    const postId = UUID.test(chosen)
      ? chosen
      : (await findPostByMessage(bot.db, /(\d{17,20})\/?$/.exec(chosen)?.[1] ?? ''))?.id;
    if (!postId) throw new UserError('POST_GONE', refusals.postGone());
    const guildId = checkGuild(interaction);
    return withdraw(bot, postId, {
      userId: interaction.user.id,
      guildId,
      isModerator: isModerator(interaction),
    });
  },
} as const satisfies Record<string, Handler>;

const readPage = (
  interaction: ChatInputCommandInteraction,
  bot: BotContext,
  look: GalleryLook,
): Promise<MessageView> =>
  readGalleryPage(bot, { ...askerOf(interaction), guildId: checkGuild(interaction) }, look);

const orderOf = (chosen: string | null) => topChoices.find(({ value }) => value === chosen)?.value;

/** @returns undefined where no subject is given */
async function findSubjectId(
  interaction: ChatInputCommandInteraction,
  bot: BotContext,
  chosen: string | null,
): Promise<string | undefined> {
  if (chosen === null) return undefined;
  if (UUID.test(chosen)) return chosen;
  const usable = await findSubjectByName(bot.db, askerOf(interaction), oneLine(chosen));
  if (!usable) throw new UserError('UNKNOWN_SUBJECT', refusals.unknownSubject());
  return usable.subject.id;
}

async function suggestRenditions(
  interaction: AutocompleteInteraction,
  bot: BotContext,
  typed: string,
) {
  const finished = await listFinishedRenditions(bot.db, {
    userId: interaction.user.id,
    guildId: interaction.guildId ?? '',
  });
  return finished.filter(({ prompt }) => prompt.toLowerCase().includes(typed)).map(renditionChoice);
}

/** How many of one's own pictures are looked through while one types. */
const OWN_POSTS = 100;

async function suggestPosts(interaction: AutocompleteInteraction, bot: BotContext, typed: string) {
  const own = { guildId: interaction.guildId ?? '', authorId: interaction.user.id };
  const { items } = await listGalleryPage(
    bot.db,
    { ...own, order: 'newest' },
    { limit: OWN_POSTS },
  );
  return items
    .filter(({ rendition }) => rendition.prompt.toLowerCase().includes(typed))
    .map(postChoice);
}
