/** @file Views of reports: the moderators' message, and what the reporter and the moderator see. */

import type { Report } from '#db/schema/reports.ts';
import { buildCustomId } from '../custom-ids.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import { buttonRow, type MessageView, messageView } from './message-view.ts';
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
export function reportCard(report: Report, thing: ReportedThing): MessageView {
  const lines = [
    thing.prompt === null
      ? say('A message of mine was reported. What shall become of it?')
      : say('A picture of mine was reported. What shall become of it?'),
  ];
  if (thing.authorId !== null) lines.push(say`by <@${thing.authorId}>`);
  if (thing.prompt !== null) lines.push(`> ${plain(thing.prompt, 700)}`);
  if (thing.message && report.status !== 'denied') {
    const { channelId, messageId } = thing.message;
    lines.push(`https://discord.com/channels/${report.guildId}/${channelId}/${messageId}`);
  }
  const moderator = `<@${report.decidedBy}>`;
  if (report.status === 'approved')
    return messageView([...lines, say`Approved by ${moderator}: it stays.`].join('\n'));
  if (report.status === 'denied') {
    return messageView([...lines, say`Denied by ${moderator}: I have taken it down.`].join('\n'));
  }
  const description = fitText(oneLine(thing.prompt ?? ''), limits.altTextLength);
  return messageView(lines.join('\n'), {
    files: thing.picture ? [{ name: 'reported.png', bytes: thing.picture, description }] : [],
    components: [
      buttonRow(
        { label: say('Approve'), customId: buildCustomId('approve', report.id), style: 'success' },
        { label: say('Deny'), customId: buildCustomId('deny', report.id), style: 'danger' },
      ),
    ],
  });
}

/** @returns what the reporter alone sees */
export function reportTaken(status: Report['status'], isNew: boolean): MessageView {
  if (isNew) {
    return messageView(
      say('Reported. The moderators of this server decide; they do not see by whom.'),
    );
  }
  return messageView(
    status === 'open'
      ? say('Somebody has reported it already. The moderators of this server decide.')
      : say('It was reported before, and the moderators of this server have decided.'),
  );
}

/** @returns what the moderator alone sees */
export function reportDecided(status: 'approved' | 'denied'): MessageView {
  return messageView(status === 'approved' ? say('It stays.') : say('It is taken down.'));
}
