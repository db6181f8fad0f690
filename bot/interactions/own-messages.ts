/** @file Messages of ours that somebody chose from the menu of a message, and which rendition they show: their buttons say. */
import type { Message } from 'discord.js';
import { parseCustomId } from '../custom-ids.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';

/** What a component of any kind may hold. */
interface ComponentData {
  readonly custom_id?: string;
  readonly components?: readonly ComponentData[];
}

/**
 * @returns the id of the rendition whose pictures the message shows
 * @throws {UserError} where it is not a message of this bot's, or shows no pictures
 */
export function renditionOfMessage(message: Message): string {
  if (!isOwnMessage(message)) throw new UserError('NOT_MY_MESSAGE', refusals.notMyMessage());
  const customIds = message.components.flatMap((component) =>
    listCustomIds(component.toJSON() as ComponentData),
  );
  for (const customId of customIds) {
    const target = parseCustomId(customId, ['info', 'remix'] as const);
    if (target) return target.rowId;
  }
  throw new UserError('NO_PICTURES', refusals.noPicturesThere());
}

/** @returns whether the bot wrote it */
export function isOwnMessage({ author, client }: Message): boolean {
  return author.id === client.user.id;
}

function listCustomIds({ custom_id, components }: ComponentData): string[] {
  return [...(custom_id ? [custom_id] : []), ...(components ?? []).flatMap(listCustomIds)];
}
