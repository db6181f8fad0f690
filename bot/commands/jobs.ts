/** @file `/jobs list|show|cancel|retry`: what the user has asked for, and what became of it. */
import {
  ApplicationIntegrationType,
  InteractionContextType,
  SlashCommandBuilder,
  type SlashCommandStringOption,
} from 'discord.js';
import { listUserJobs } from '#db/queries/jobs.ts';
import { cancelJob, requireJob, retryJob, showJob } from '../intake/jobs.ts';
import { checkPlace } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { jobChoice, jobList } from '../views/jobs.ts';
import type { Command } from './command.ts';

const jobOption = (option: SlashCommandStringOption) =>
  option
    .setName('job')
    .setDescription('Which one')
    .setRequired(true)
    .setMaxLength(100)
    .setAutocomplete(true);

export const jobs = {
  definition: new SlashCommandBuilder()
    .setName('jobs')
    .setDescription('What you have asked me for')
    .setContexts(InteractionContextType.Guild, InteractionContextType.BotDM)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
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
    .toJSON(),

  async run(interaction, bot) {
    await deferAnswer(interaction);
    const userId = interaction.user.id;
    const subcommand = interaction.options.getSubcommand();
    if (subcommand === 'list') {
      await answer(interaction, jobList(await listUserJobs(bot.db, userId)));
      return;
    }
    const job = await requireJob(bot, userId, interaction.options.getString('job', true));
    if (subcommand === 'show') await answer(interaction, await showJob(bot, job));
    else if (subcommand === 'cancel') await answer(interaction, await cancelJob(bot, userId, job));
    else {
      const place = { ...checkPlace(interaction), interactionId: interaction.id };
      await answer(interaction, await retryJob(bot, place, job));
    }
  },

  async autocomplete(interaction, bot) {
    const typed = interaction.options.getFocused().toLowerCase();
    const latest = await listUserJobs(bot.db, interaction.user.id, 100);
    return latest.map(jobChoice).filter(({ name }) => name.toLowerCase().includes(typed));
  },
} satisfies Command;
