/** @file `/subject list|download|delete`. */
import {
  ApplicationIntegrationType,
  InteractionContextType,
  SlashCommandBuilder,
  type SlashCommandStringOption,
} from 'discord.js';
import { listFailedDeliveries } from '#db/queries/outbox-deliveries.ts';
import {
  countPublishedPictures,
  findSubjectByName,
  getSubject,
  listSubjects,
  searchSubjects,
} from '#db/queries/subjects.ts';
import { listLatestRuns } from '#db/queries/training-runs.ts';
import type { BotContext } from '../context.ts';
import { readArtifact } from '../intake/artifact.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { limits } from '../views/discord-limits.ts';
import { refusals } from '../views/refusals.ts';
import {
  deleteQuestion,
  type ListedSubject,
  subjectChoice,
  subjectList,
  subjectWeights,
} from '../views/subjects.ts';
import { oneLine } from '../views/text.ts';
import type { Command } from './command.ts';

const subjectOption = (option: SlashCommandStringOption) =>
  option
    .setName('subject')
    .setDescription('Which one')
    .setRequired(true)
    .setMaxLength(100)
    .setAutocomplete(true);

export const subject = {
  definition: new SlashCommandBuilder()
    .setName('subject')
    .setDescription('What you have taught me')
    .setContexts(InteractionContextType.Guild, InteractionContextType.BotDM)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((command) => command.setName('list').setDescription('Show your subjects'))
    .addSubcommand((command) =>
      command
        .setName('download')
        .setDescription('Get what I learned of a subject as a file, for your eyes only')
        .addStringOption(subjectOption),
    )
    .addSubcommand((command) =>
      command
        .setName('delete')
        .setDescription('Delete a subject with its photos')
        .addStringOption(subjectOption),
    )
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const userId = interaction.user.id;
    const subcommand = interaction.options.getSubcommand();
    if (subcommand === 'list') {
      await answer(interaction, subjectList(await readList(bot, userId)));
      return;
    }
    const chosen = oneLine(interaction.options.getString('subject', true));
    const found = await findOwn(bot, userId, chosen);
    if (!found) throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourSubject());
    if (subcommand === 'download') {
      const limitBytes = Math.min(interaction.attachmentSizeLimit, limits.requestBytes);
      const { artifact, bytes } = await readArtifact(bot, found, limitBytes);
      await answer(interaction, subjectWeights(found, artifact, bytes));
      return;
    }
    const published = await countPublishedPictures(bot.db, found.id);
    await answer(interaction, deleteQuestion(found, published));
  },

  async autocomplete(interaction, bot) {
    const subjects = await searchSubjects(bot.db, {
      userId: interaction.user.id,
      guildId: null,
      query: interaction.options.getFocused(),
      scope: 'own',
    });
    return subjects.map(subjectChoice);
  },
} satisfies Command;

async function readList(bot: BotContext, ownerId: string): Promise<ListedSubject[]> {
  const subjects = await listSubjects(bot.db, { ownerId, limit: 50 });
  const runs = await listLatestRuns(
    bot.db,
    subjects.map((item) => item.subject.id),
  );
  const undelivered = await listFailedDeliveries(
    bot.db,
    'training',
    runs.map((run) => run.id),
  );
  return subjects.map((item) => {
    const run = runs.find(({ subjectId }) => subjectId === item.subject.id);
    return {
      ...item,
      failureCode: run?.failureCode ?? null,
      wasUndelivered: run !== undefined && undelivered.includes(run.id),
    };
  });
}

async function findOwn(bot: BotContext, userId: string, chosen: string) {
  const isId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(chosen);
  const found = isId
    ? await getSubject(bot.db, chosen)
    : (await findSubjectByName(bot.db, { userId, guildId: null, name: chosen }))?.subject;
  return found?.ownerId === userId ? found : undefined;
}
