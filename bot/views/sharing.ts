/** @file Views of sharing: with whom a subject is shared, and who used it. */
import { type Grantee, parseGrantee } from '#db/queries/grantees.ts';
import type { SubjectUsage } from '#db/queries/rendition-subjects.ts';
import type { SubjectShare } from '#db/schema/subject-shares.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { say } from '../words/say.ts';
import { type MessageView, messageView } from './message-view.ts';
import { code, count, instant, list, plain } from './text.ts';

type ShownSubject = Pick<Subject, 'name' | 'classNoun' | 'status' | 'createdAt'>;

/** How many shares a message names; a share takes at most 30 characters. */
const SHOWN_SHARES = 20;

/** @param guildId where it is shown: another server is not named there */
function describeGrantee(grantee: Grantee, guildId: string | null): string {
  switch (grantee.kind) {
    case 'user':
      return `<@${grantee.id}>`;
    case 'role':
      return say`the role <@&${grantee.id}>`;
    case 'guild':
      return grantee.id === guildId ? say('this server') : say('another server');
    case 'everyone':
      return say('everyone');
  }
}

const describeAll = (grantees: readonly Grantee[], guildId: string | null) => {
  const shown = grantees.slice(0, SHOWN_SHARES).map((one) => describeGrantee(one, guildId));
  const rest = grantees.length - shown.length;
  return list(rest > 0 ? [...shown, say`${rest} more`] : shown);
};

/** @returns the answer to sharing */
export function subjectShared(
  subject: ShownSubject,
  grantees: readonly Grantee[],
  guildId: string | null,
): MessageView {
  return messageView(
    [
      say`**${plain(subject.name)}** is shared with ${describeAll(grantees, guildId)}.`,
      say`They write ${code(`[${subject.name}]`)} in their prompts. Your photos stay yours alone.`,
      say('`/subject info` shows who used it, `/subject revoke` takes it back.'),
    ].join('\n'),
  );
}

/** @param stopped how many waiting prompts ended by it */
export function shareRevoked(
  subject: ShownSubject,
  revoked: readonly Grantee[],
  stopped: number,
  guildId: string | null,
): MessageView {
  if (revoked.length === 0) {
    return messageView(say`**${plain(subject.name)}** was not shared with them. Nothing changed.`);
  }
  const ended =
    stopped > 0
      ? say` ${count(stopped, 'waiting prompt')} ended by it.`
      : say(' No prompt was waiting for it.');
  const others = describeAll(revoked, guildId);
  return messageView(say`**${plain(subject.name)}** is no longer shared with ${others}.${ended}`);
}

const states = {
  training: () => say('being learned'),
  ready: () => say('ready'),
  untrained: () => say('not learned'),
} satisfies Record<Subject['status'], () => string>;

/** @returns what only its owner sees of a subject */
export function subjectInfo(
  subject: ShownSubject,
  facts: {
    readonly photoCount: number;
    readonly publishedPictures: number;
    readonly shares: readonly Pick<SubjectShare, 'grantee'>[];
    readonly usage: SubjectUsage;
  },
  guildId: string | null,
): MessageView {
  const { shares, usage } = facts;
  const grantees = shares.map(({ grantee }) => parseGrantee(grantee));
  const lines = [
    `**${plain(subject.name)}** (${plain(subject.classNoun)}), ${states[subject.status]()}`,
    say`${count(facts.photoCount, 'photo')}, since ${instant(subject.createdAt, 'd')}`,
    say`${count(facts.publishedPictures, 'picture')} in galleries`,
    grantees.length === 0
      ? say('Private: only you can use it')
      : say`Shared with ${describeAll(grantees, guildId)}`,
    usage.total === 0
      ? say('Nobody else has used it')
      : say`Used by others: ${count(usage.total, 'prompt')} of ${usage.users === 1 ? say('1 person') : say`${usage.users} people`}`,
    ...usage.top.map(
      (user) =>
        say`• <@${user.userId}>: ${count(user.count, 'prompt')}, last ${instant(user.lastAt, 'R')}`,
    ),
  ];
  const hidden = usage.users - usage.top.length;
  if (hidden > 0) lines.push(say`…and ${hidden} more`);
  return messageView(lines.join('\n'));
}
