/** @file The `resolved` part of an interaction: the things behind the ids that a user picked or uploaded. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AttachmentRecord, UploadedFile } from './files.ts';
import { contentTypeOf } from './files.ts';
import type { Json } from './json.ts';
import { messageToWire } from './message-wire.ts';
import { channelToWire, memberToWire, roleToWire, userToWire } from './wire.ts';
import type { GuildRecord, MessageRecord, World } from './world.ts';

/** A user's file: a path on this machine, or bytes with a name. */
export type FileInput =
  | string
  | { name: string; bytes: Uint8Array; contentType?: string }
  | { name: string; base64: string; contentType?: string };

/** How a user's uploads behave. */
export interface UploadSettings {
  /** Hands out links that have expired already. */
  expireLinks?: boolean;
  /** Replaces every upload's link, to try what the bot does with a link to another host. */
  attachmentUrl?: string;
  /** Replaces what Discord says about each upload, such as a false `content_type` or `size`. */
  attachmentPatch?: Json;
}

/** Collects what ids stand for. */
export interface Resolved {
  addUser(id: string): boolean;
  addRole(id: string): boolean;
  addChannel(id: string): boolean;
  addMessage(message: MessageRecord): void;
  addUpload(upload: UploadedFile): AttachmentRecord;
  /** @returns the wire form, or undefined when nothing was added */
  toWire(): Json | undefined;
}

/** @returns the bytes and name of a user's file */
export function readUpload(input: FileInput): UploadedFile {
  if (typeof input === 'string') {
    const filename = path.basename(input);
    const bytes = readFileSync(input);
    return { field: 'upload', filename, contentType: contentTypeOf(filename), bytes };
  }
  const bytes = 'bytes' in input ? Buffer.from(input.bytes) : Buffer.from(input.base64, 'base64');
  const contentType = input.contentType ?? contentTypeOf(input.name);
  return { field: 'upload', filename: input.name, contentType, bytes };
}

/** Builds an empty collection for an interaction in a guild, or in direct messages when there is none. */
export function createResolved(
  world: World,
  guild: GuildRecord | null,
  settings: UploadSettings,
): Resolved {
  const groups: Record<string, Json> = {};
  const put = (group: string, id: string, value: unknown) => {
    groups[group] ??= {};
    groups[group][id] = value;
  };
  return {
    addUser(id) {
      if (!world.users.has(id)) return false;
      put('users', id, userToWire(world, id));
      const member = guild?.members.get(id);
      if (member) {
        const { user: _user, deaf: _deaf, mute: _mute, ...partial } = memberToWire(world, member);
        put('members', id, { ...partial, permissions: member.permissions.toString() });
      }
      return true;
    },
    addRole(id) {
      const role = guild?.roles.find((item) => item.id === id);
      if (role) put('roles', id, roleToWire(role));
      return role !== undefined;
    },
    addChannel(id) {
      const channel = world.channels.get(id);
      if (!channel || channel.guildId !== (guild?.id ?? null)) return false;
      const permissions = channel.botPermissions.toString();
      put('channels', id, { ...channelToWire(world, channel), permissions });
      return true;
    },
    addMessage(message) {
      put('messages', message.id, messageToWire(world, message));
    },
    addUpload(upload) {
      const place = { kind: 'ephemeral-attachments', scopeId: world.application.id } as const;
      const record = world.files.put(upload, place, {
        linkExpired: settings.expireLinks ?? false,
        urlOverride: settings.attachmentUrl ?? null,
      });
      const wire = { ...world.files.toWire(record), ...settings.attachmentPatch };
      put('attachments', record.id, wire);
      return record;
    },
    toWire: () => (Object.keys(groups).length > 0 ? groups : undefined),
  };
}
