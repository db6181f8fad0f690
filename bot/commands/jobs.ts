/** @file `/jobs list|show|cancel|retry|dm`: what the user has asked for, and what became of it. */
import { SlashCommandBuilder, type SlashCommandStringOption } from 'discord.js';
import { listUserJobs, type UserJob } from '#db/queries/jobs.ts';
import { setDirectMessages } from '#db/queries/users.ts';
import {
  canCancel,
  cancelJob,
  canRetry,
  listJobs,
  requireJob,
  retryJob,
  showJob,
} from '../intake/jobs.ts';
import { findPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { directMessagesSet, jobChoice, jobList } from '../views/jobs.ts';
import type { Command } from './command.ts';
import { offerAnywhere } from './places.ts';

const jobOption = (option: SlashCommandStringOption) =>
  option
    .setName('job')
    .setDescription('Which one')
    .setRequired(true)
    .setMaxLength(100)
    .setAutocomplete(true);

/** By subcommand: the jobs that are suggested where not all are. */
const offered: Partial<Record<string, (job: UserJob) => boolean>> = {
  cancel: canCancel,
  retry: canRetry,
};

export const jobs = {
  definition: offerAnywhere(new SlashCommandBuilder())
    .setName('jobs')
    .setDescription('What you have asked me for')
    .addSubcommand((command) => command.setName('list').setDescription('Show your latest jobs'))
    .addSubcommand((command) =>
      command
        .setName('show')
        .setDescription('Show how far a job is, or what came of it')
        .addStringOption(jobOption),
    )
    .addSubcommand((command) =>
      command.setName('cancel').setDescription('Stop a job').addStringOption(jobOption),
    )
    .addSubcommand((command) =>
      command
        .setName('retry')
        .setDescription('Try a job again that failed or was cancelled')
        .addStringOption(jobOption),
    )
    .addSubcommand((command) =>
      command
        .setName('dm')
        .setDescription('Whether I write to you directly where I cannot post in a channel')
        .addBooleanOption((option) =>
          option.setName('allow').setDescription('At first I do not').setRequired(true),
        ),
    )
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const userId = interaction.user.id;
    const subcommand = interaction.options.getSubcommand();
    if (subcommand === 'list') {
      await answer(interaction, jobList(await listJobs(bot, userId)));
      return;
    }
    if (subcommand === 'dm') {
      const allowed = interaction.options.getBoolean('allow', true);
      await setDirectMessages(bot.db, userId, allowed);
      await answer(interaction, directMessagesSet(allowed));
      return;
    }
    const job = await requireJob(bot, userId, interaction.options.getString('job', true));
    if (subcommand === 'show') await answer(interaction, await showJob(bot, job));
    else if (subcommand === 'cancel') await answer(interaction, await cancelJob(bot, userId, job));
    else {
      const place = await findPlace(interaction, bot.db);
      await answer(interaction, await retryJob(bot, place, job));
    }
  },

  async autocomplete(interaction, bot) {
    const typed = interaction.options.getFocused().toLowerCase();
    const { [interaction.options.getSubcommand()]: isOffered = () => true } = offered;
    const latest = await listUserJobs(bot.db, interaction.user.id, 100);
    return latest
      .filter(isOffered)
      .map(jobChoice)
      .filter(({ name }) => name.toLowerCase().includes(typed));
  },
} satisfies Command;
