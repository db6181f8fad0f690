/** @file Approve and Deny, under a report: for moderators only. */
import type { ButtonInteraction } from 'discord.js';
import { decideReport } from '#db/queries/reports.ts';
import type { BotContext } from '../context.ts';
import type { ButtonTarget } from '../custom-ids.ts';
import { checkGuild, isModerator } from '../interactions/checks.ts';
import { answer, deferAnswer } from '../interactions/respond.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { reportDecided } from '../views/report.ts';

/** Keeps what was reported, or has it taken down for good. */
export async function decideReportNow(
  interaction: ButtonInteraction,
  bot: BotContext,
  { action, rowId }: ButtonTarget,
): Promise<void> {
  await deferAnswer(interaction);
  const guildId = checkGuild(interaction);
  if (!isModerator(interaction)) throw new UserError('NOT_MODERATOR', refusals.notModerator());
  const status = action === 'approve' ? 'approved' : 'denied';
  const where = { reportId: rowId, guildId, moderatorId: interaction.user.id };
  const decided = await decideReport(bot.db, where, status);
  if (decided === 'missing') throw new UserError('REPORT_GONE', refusals.reportGone());
  if (decided === 'over') throw new UserError('REPORT_OVER', refusals.reportOver());
  bot.logger.info({ reportId: rowId, status }, 'report decided');
  bot.deliver();
  await answer(interaction, reportDecided(status));
}
