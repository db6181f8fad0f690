/** @file Which rendition a message of ours shows: its buttons say. */
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
  if (message.author.id !== message.client.user.id) {
    throw new UserError('NOT_MY_MESSAGE', refusals.notMyMessage());
  }
  const customIds = message.components.flatMap((component) =>
    listCustomIds(component.toJSON() as ComponentData),
  );
  for (const customId of customIds) {
    const target = parseCustomId(customId, ['info'] as const);
    if (target) return target.rowId;
  }
  throw new UserError('NO_PICTURES', refusals.noPicturesThere());
}

function listCustomIds({ custom_id, components }: ComponentData): string[] {
  return [...(custom_id ? [custom_id] : []), ...(components ?? []).flatMap(listCustomIds)];
}
