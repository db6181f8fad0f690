/** @file How old a message is: its id says. */
import { SnowflakeUtil } from 'discord.js';
import { EDITABLE_FOR_MS } from '../views/discord-limits.ts';

/** @returns whether Discord still lets the message be edited freely */
export function isEditable(messageId: string): boolean {
  return Date.now() - SnowflakeUtil.timestampFrom(messageId) < EDITABLE_FOR_MS;
}
