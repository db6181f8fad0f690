/** @file `/subject list|info|rename|default|share|revoke|continue|download|delete`. */
import {
  type ChatInputCommandInteraction,
  SlashCommandBuilder,
  type SlashCommandStringOption,
} from 'discord.js';
import { countPublishedPictures } from '#db/queries/gallery-posts.ts';
import { listFailedDeliveries } from '#db/queries/outbox-deliveries.ts';
import { countSubjectUses } from '#db/queries/rendition-subjects.ts';
import { listShares, revokeShares, shareSubject } from '#db/queries/shares.ts';
import { countPhotos, listSubjects, renameSubject } from '#db/queries/subjects.ts';
import { listLatestRuns } from '#db/queries/training-runs.ts';
import { setDefaultSubject } from '#db/queries/users.ts';
import type { BotContext } from '../context.ts';
import { readArtifact } from '../intake/artifact.ts';
import { findOwnSubject } from '../intake/own-subject.ts';
import { readSubjectName } from '../intake/subject-name.ts';
import { continueTraining } from '../intake/train-again.ts';
import { findPlace } from '../interactions/checks.ts';
import { addGranteeOptions, readGrantees } from '../interactions/grantee-options.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { limits } from '../views/discord-limits.ts';
import type { MessageView } from '../views/message-view.ts';
import { refusals } from '../views/refusals.ts';
import { shareRevoked, subjectInfo, subjectShared } from '../views/sharing.ts';
import {
  defaultSubjectChosen,
  deleteQuestion,
  type ListedSubject,
  subjectList,
  subjectRenamed,
  subjectWeights,
} from '../views/subjects.ts';
import { trainFieldLength } from '../views/train-form.ts';
import { trainingAgainTaken } from '../views/training.ts';
import type { Command } from './command.ts';
import { completeOwnSubject } from './complete-subject.ts';
import { offerAnywhere } from './places.ts';

const subjectOption = (option: SlashCommandStringOption) =>
  option
    .setName('subject')
    .setDescription('Which one')
    .setRequired(true)
    .setMaxLength(100)
    .setAutocomplete(true);

export const subject = {
  definition: offerAnywhere(new SlashCommandBuilder())
    .setName('subject')
    .setDescription('What you have taught me')
    .addSubcommand((command) => command.setName('list').setDescription('Show your subjects'))
    .addSubcommand((command) =>
      command
        .setName('info')
        .setDescription('Show with whom a subject is shared, and who used it')
        .addStringOption(subjectOption),
    )
    .addSubcommand((command) =>
      command
        .setName('rename')
        .setDescription('Give a subject another name')
        .addStringOption(subjectOption)
        .addStringOption((option) =>
          option
            .setName('name')
            .setDescription('Its new name')
            .setRequired(true)
            .setMaxLength(trainFieldLength.name),
        ),
    )
    .addSubcommand((command) =>
      command
        .setName('default')
        .setDescription('Choose which subject [V] stands for')
        .addStringOption(subjectOption),
    )
    .addSubcommand((command) =>
      addGranteeOptions(
        command
          .setName('share')
          .setDescription('Let others draw a subject of yours')
          .addStringOption(subjectOption),
      ),
    )
    .addSubcommand((command) =>
      addGranteeOptions(
        command
          .setName('revoke')
          .setDescription('Take a subject back that you shared')
          .addStringOption(subjectOption),
        { name: 'all of them', value: 'all' },
      ),
    )
    .addSubcommand((command) =>
      command
        .setName('continue')
        .setDescription('Train a subject on from what I have learned of it')
        .addStringOption(subjectOption)
        .addIntegerOption((option) =>
          option
            .setName('steps')
            .setDescription('How many more; without it, as many as before')
            .setMinValue(1)
            .setMaxValue(5000),
        ),
    )
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
    const handler = subcommands[subcommand as keyof typeof subcommands] as Handler | undefined;
    if (!handler) throw new UserError('UNKNOWN_COMMAND', refusals.unknownCommand());
    const chosen = interaction.options.getString('subject', true);
    const found = await findOwnSubject(bot, userId, chosen);
    await answer(interaction, await handler(interaction, bot, found));
  },

  autocomplete: completeOwnSubject,
} satisfies Command;

/** What a subcommand does with the user's subject. */
type Handler = (
  interaction: ChatInputCommandInteraction,
  bot: BotContext,
  subject: Awaited<ReturnType<typeof findOwnSubject>>,
) => Promise<MessageView>;

const subcommands = {
  async info({ guildId }, bot, subject) {
    const [photoCount, publishedPictures, shares, usage] = await Promise.all([
      countPhotos(bot.db, subject.id),
      countPublishedPictures(bot.db, subject.id),
      listShares(bot.db, subject.id),
      countSubjectUses(bot.db, subject),
    ]);
    return subjectInfo(subject, { photoCount, publishedPictures, shares, usage }, guildId);
  },

  async rename(interaction, bot, subject) {
    const name = readSubjectName(interaction.options.getString('name', true));
    const owned = { subjectId: subject.id, ownerId: interaction.user.id };
    const renamed = await renameSubject(bot.db, owned, name);
    if (renamed === 'taken') throw new UserError('NAME_TAKEN', refusals.nameTaken(name));
    if (!renamed) throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourSubject());
    bot.logger.info({ subjectId: subject.id }, 'subject renamed');
    return subjectRenamed(renamed, subject);
  },

  async default({ user }, bot, subject) {
    await setDefaultSubject(bot.db, user.id, subject.id);
    return defaultSubjectChosen(subject);
  },

  async share(interaction, bot, subject) {
    const grantees = readGrantees(interaction);
    const owned = { subjectId: subject.id, ownerId: interaction.user.id };
    const shared = await shareSubject(bot.db, owned, grantees);
    if (!shared) throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourSubject());
    bot.logger.info({ subjectId: subject.id, grantees: grantees.length }, 'subject shared');
    return subjectShared(subject, grantees, interaction.guildId);
  },

  async revoke(interaction, bot, subject) {
    const isAll = interaction.options.getString('with') === 'all';
    const owned = { subjectId: subject.id, ownerId: interaction.user.id };
    const taken = await revokeShares(bot.db, owned, isAll ? 'all' : readGrantees(interaction));
    if (!taken) throw new UserError('NOT_YOUR_SUBJECT', refusals.notYourSubject());
    const { revoked, stopped } = taken;
    bot.logger.info({ subjectId: subject.id, revoked: revoked.length, stopped }, 'shares revoked');
    bot.deliver();
    return shareRevoked(subject, revoked, stopped, interaction.guildId);
  },

  async continue(interaction, bot, subject) {
    const place = await findPlace(interaction, bot.db);
    const steps = interaction.options.getInteger('steps');
    const taken = await continueTraining(bot, place, subject, steps);
    return trainingAgainTaken(taken, place.askedInId);
  },

  async download({ attachmentSizeLimit }, bot, subject) {
    const limitBytes = Math.min(attachmentSizeLimit, limits.requestBytes);
    const { artifact, bytes } = await readArtifact(bot, subject, limitBytes);
    return subjectWeights(subject, artifact, bytes);
  },

  async delete(_, bot, subject) {
    return deleteQuestion(subject, await countPublishedPictures(bot.db, subject.id));
  },
} as const satisfies Record<string, Handler>;

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
