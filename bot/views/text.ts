/** @file Small pieces of text: what users wrote made safe to show, cut to length; numbers and times for people. */
import { escapeMarkdown } from 'discord.js';
import { currentLanguage, say } from '../words/say.ts';

/** Control characters, and those that turn the direction of the text around them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be removed
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;

/** @returns the text as one line without control characters; the database takes no NUL */
export function oneLine(text: string): string {
  return text.replace(INVISIBLE, ' ').replace(/\s+/gu, ' ').trim();
}

/** @returns what a user wrote, so that it shows as written: no formatting, no mention, no link */
export function plain(text: string, maxLength = 300): string {
  const line = fitText(oneLine(text), maxLength);
  return escapeMarkdown(line, { heading: true, maskedLink: true }).replace(
    /<(?=[@#:/&a-z])/gi,
    '<\u200b',
  );
}

/** @returns text in a code span, to be copied */
export function code(text: string, maxLength = 300): string {
  return `\`${fitText(oneLine(text), maxLength).replaceAll('`', "'")}\``;
}

/** @returns lines in a code block, which phones copy as a whole; each is cut where they are too long together */
export function codeBlock(lines: readonly string[], maxLength: number): string {
  const clean = lines.map((line) => oneLine(line).replaceAll('```', "'''"));
  const room = Math.floor((maxLength - 8) / Math.max(1, clean.length)) - 1;
  const total = clean.reduce((sum, line) => sum + line.length + 1, 8);
  const shown = total > maxLength ? clean.map((line) => fitText(line, room)) : clean;
  return `\`\`\`\n${shown.join('\n')}\n\`\`\``;
}

/** @returns the text, cut with an ellipsis where it is longer than `maxLength` UTF-16 units */
export function fitText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  let cut = text.slice(0, Math.max(0, maxLength - 1));
  // Half a surrogate pair, or a lone backslash before the ellipsis, would show as rubbish.
  if (/[\ud800-\udbff]$/.test(cut)) cut = cut.slice(0, -1);
  return `${cut.replace(/\\$/, '')}…`;
}

/** @returns `1 photo`, `3 photos` */
export function count(number: number, noun: string): string {
  const [one, several] = currentLanguage()?.nouns[noun] ?? [noun, `${noun}s`];
  return `${number} ${number === 1 ? one : several}`;
}

/** @returns `a, b and c` */
export function list(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  if (words.length < 2) return words.join('');
  const joint = conjunction === 'and' ? say('and') : say('or');
  return `${words.slice(0, -1).join(', ')} ${joint} ${words.at(-1)}`;
}

/** @returns `a` or `an` with the noun; the bare noun in a language whose articles depend on it */
export function withArticle(noun: string): string {
  return /^[aeiou]/i.test(noun) ? say`an ${noun}` : say`a ${noun}`;
}

/** @returns `less than a minute`, `about 5 min`, `about 2 h 10 min` */
export function duration(seconds: number): string {
  if (seconds < 60) return say('less than a minute');
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return say`about ${minutes} min`;
  const rest = Math.round((minutes % 60) / 10) * 10;
  const hours = Math.floor(minutes / 60) + (rest === 60 ? 1 : 0);
  return rest % 60 === 0 ? say`about ${hours} h` : say`about ${hours} h ${rest} min`;
}

/** @returns why something that is open goes no further */
export const workerAway = (): string =>
  say('No worker is running at the moment. Yours is kept and goes on when one is back.');

/**
 * Names the channel in which a row is shown, after “in”.
 *
 * @param here id of the channel in which that is read
 */
export function nameChannel(
  { channelId, guildId }: { readonly channelId: string; readonly guildId: string | null },
  here: string,
): string {
  if (guildId === null) return say('our direct messages');
  return channelId === here ? say('this channel') : `<#${channelId}>`;
}

/** @returns a time as each reader's Discord shows it: `d` the date, `R` how long ago */
export function instant(at: Date, style: 'd' | 'R'): string {
  return `<t:${Math.floor(at.getTime() / 1000)}:${style}>`;
}

/** @returns ten little blocks and the percentage; a phone shows them in one line */
export function progressBar(step: number, totalSteps: number): string {
  const share = totalSteps > 0 ? Math.min(1, Math.max(0, step / totalSteps)) : 0;
  const full = Math.floor(share * 10);
  return `${'▰'.repeat(full)}${'▱'.repeat(10 - full)} ${Math.floor(share * 100)} %`;
}
