/** @file Views of reports: the moderators' message, and what the reporter and the moderator see. */
import type { Locale } from '#db/schema/guilds.ts';
import type { Report } from '#db/schema/reports.ts';
import { buildCustomId } from '../custom-ids.ts';
import { limits } from './discord-limits.ts';
import { buttonRow, type MessageView, messageView } from './message-view.ts';
import { wordsIn } from './public-words.ts';
import { fitText, oneLine, plain } from './text.ts';

/** What moderators are shown of a reported thing. */
export interface ReportedThing {
  readonly authorId: string | null;
  readonly prompt: string | null;
  /** The message, where there is one. */
  readonly message: { readonly channelId: string; readonly messageId: string } | null;
  readonly picture: Buffer | null;
}

/** @returns the moderators' message: the question, or how it was decided */
export function reportCard(report: Report, thing: ReportedThing, locale: Locale): MessageView {
  const words = wordsIn(locale);
  const lines = [thing.prompt === null ? words.reportedMessage : words.reported];
  if (thing.authorId !== null) lines.push(`${words.by} <@${thing.authorId}>`);
  if (thing.prompt !== null) lines.push(`> ${plain(thing.prompt, 700)}`);
  if (thing.message && report.status !== 'denied') {
    const { channelId, messageId } = thing.message;
    lines.push(`https://discord.com/channels/${report.guildId}/${channelId}/${messageId}`);
  }
  const moderator = `<@${report.decidedBy}>`;
  if (report.status === 'approved')
    return messageView([...lines, words.kept(moderator)].join('\n'));
  if (report.status === 'denied') {
    return messageView([...lines, words.takenDown(moderator)].join('\n'));
  }
  const description = fitText(oneLine(thing.prompt ?? ''), limits.altTextLength);
  return messageView(lines.join('\n'), {
    files: thing.picture ? [{ name: 'reported.png', bytes: thing.picture, description }] : [],
    components: [
      buttonRow(
        { label: words.keep, customId: buildCustomId('approve', report.id), style: 'success' },
        { label: words.takeDown, customId: buildCustomId('deny', report.id), style: 'danger' },
      ),
    ],
  });
}

/** @returns what the reporter alone sees */
export function reportTaken(status: Report['status'], isNew: boolean): MessageView {
  if (isNew) {
    return messageView('Reported. The moderators of this server decide; they do not see by whom.');
  }
  return messageView(
    status === 'open'
      ? 'Somebody has reported it already. The moderators of this server decide.'
      : 'It was reported before, and the moderators of this server have decided.',
  );
}

/** @returns what the moderator alone sees */
export function reportDecided(status: 'approved' | 'denied'): MessageView {
  return messageView(status === 'approved' ? 'It stays.' : 'It is taken down.');
}
