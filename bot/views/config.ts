/** @file Views of a server's settings. */
import type { GuildSettings } from '#db/queries/guilds.ts';
import type { Locale } from '#db/schema/guilds.ts';
import { say } from '../words/say.ts';
import { type MessageView, messageView } from './message-view.ts';
import { count } from './text.ts';

/** How many channels or roles a list takes; all of them are named in one message. */
export const MAX_LISTED = 25;

const localeNames = { 'en-US': 'English', de: 'Deutsch' } satisfies Record<Locale, string>;

/** Choices of the language option. */
export const localeChoices = (Object.keys(localeNames) as Locale[]).map((value) => ({
  name: localeNames[value],
  value,
}));

/** @returns every setting, a line each */
export function guildSettings(settings: GuildSettings): MessageView {
  const { galleryChannelId, moderatorChannelId, allowedChannelIds, allowedRoleIds } = settings;
  const channels = allowedChannelIds.map((id) => `<#${id}>`).join(' ');
  const roles = allowedRoleIds.map((id) => `<@&${id}>`).join(' ');
  return messageView(
    [
      say('**My settings in this server**'),
      say`Gallery: ${galleryChannelId === null ? say('`/gallery browse` only') : `<#${galleryChannelId}>`}`,
      say`Hall of fame: from ${count(settings.hallOfFameThreshold, 'vote')} on`,
      say`Reports: ${moderatorChannelId === null ? say('not taken') : `<#${moderatorChannelId}>`}`,
      say`Channels: ${channels === '' ? say('all') : channels}`,
      say`Roles: ${roles === '' ? say('everybody') : roles}`,
      say`Language of my public posts: ${localeNames[settings.locale]}`,
    ].join('\n'),
  );
}
