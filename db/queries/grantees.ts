/** @file With whom a subject can be shared, as one word in a row: `user:1`, `role:2`, `guild:3` or `everyone`. */

/** Whom a share names. */
export type Grantee =
  | { readonly kind: 'user' | 'role' | 'guild'; readonly id: string }
  | { readonly kind: 'everyone' };

/** Somebody who asks for something, and where. */
export interface Asker {
  readonly userId: string;
  /** Null in a direct message. */
  readonly guildId: string | null;
  /** The user's roles in that guild, as Discord told them with the request; empty in a direct message. */
  readonly roleIds: readonly string[];
}

/** @returns the grantee as rows have it */
export function formatGrantee(grantee: Grantee): string {
  return grantee.kind === 'everyone' ? 'everyone' : `${grantee.kind}:${grantee.id}`;
}

/** @returns what {@link formatGrantee} was given */
export function parseGrantee(text: string): Grantee {
  const [, kind, id] = /^(user|role|guild):(.+)$/.exec(text) ?? [];
  return id === undefined ? { kind: 'everyone' } : { kind: kind as 'user' | 'role' | 'guild', id };
}

/** @returns every grantee that includes the asker where they are, the nearest first */
export function listGranteesOf({ userId, guildId, roleIds }: Asker): string[] {
  const ofGuild =
    guildId === null ? [] : [...roleIds.map((id) => `role:${id}`), `guild:${guildId}`];
  return [`user:${userId}`, ...ofGuild, 'everyone'];
}
