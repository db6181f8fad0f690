/** @file Who acts: the newcomers first, then those who teach the bot mostly, and whoever a message is about. */
import type { MessageRecord, UserRecord } from '#playground/world.ts';
import type { Chooser } from './random.ts';
import { type CommunityStage, MODERATORS, type Neighbourhood } from './stage.ts';

/** One in so many people teaches the bot something. */
const TEACHERS = 5;
const BY_FRESH = 0.5;
const BY_TEACHER = 0.75;
const BY_OWNER = 0.8;

/** Somebody in a server. */
export interface Neighbour {
  readonly user: UserRecord;
  readonly neighbourhood: Neighbourhood;
}

/** Settings are changed in the last server alone, so that they close no other. */
export function managerOf(neighbourhoods: readonly Neighbourhood[]): Neighbour {
  const neighbourhood = neighbourhoods.at(-1)!;
  return { user: neighbourhood.owner, neighbourhood };
}

/** Those who teach the bot something. */
export const teachersOf = ({ people }: Neighbourhood) =>
  people.filter((_, index) => index % TEACHERS === 0);

/** Whoever has not acted yet, as long as there is somebody; else a teacher mostly. */
export function somebody(
  neighbourhoods: readonly Neighbourhood[],
  choose: Chooser,
  acted: ReadonlySet<string>,
): Neighbour {
  const all = neighbourhoods.flatMap((place) =>
    place.people.map((user) => ({ user, neighbourhood: place })),
  );
  const fresh = all.find(({ user }) => !acted.has(user.id));
  if (fresh && choose.chance(BY_FRESH)) return fresh;
  if (!choose.chance(BY_TEACHER)) return choose.pick(all);
  const neighbourhood = choose.pick(neighbourhoods);
  return { user: choose.pick(teachersOf(neighbourhood)), neighbourhood };
}

/** Whoever sees a message: the one whom it is about mostly, else somebody in its channel. */
export function somebodyNear(
  { playground, neighbourhoods }: CommunityStage,
  choose: Chooser,
  message: MessageRecord,
): Neighbour {
  const channel = playground.world.channels.get(message.channelId);
  const only = message.visibleTo ?? channel?.recipientId;
  const near = neighbourhoods.find(({ guild }) => guild.id === channel?.guildId);
  const neighbourhood = near ?? neighbourhoods[0]!;
  if (only != null) return { user: playground.user(only), neighbourhood };
  if (channel?.name === MODERATORS) return { user: neighbourhood.owner, neighbourhood };
  const { people } = neighbourhood;
  const about = people.find(({ id }) => id === firstMention(message));
  return { user: about && choose.chance(BY_OWNER) ? about : choose.pick(people), neighbourhood };
}

/** @returns whether those whom a message speaks to do not see it: whose subject is shared with everyone is elsewhere */
export function isAboutStrangers({ playground }: CommunityStage, message: MessageRecord): boolean {
  const { guildId } = playground.world.channels.get(message.channelId) ?? {};
  const mentioned = firstMention(message);
  const members = guildId == null ? undefined : playground.world.guilds.get(guildId)?.members;
  return mentioned !== undefined && members !== undefined && !members.has(mentioned);
}

const firstMention = ({ content, components }: MessageRecord): string | undefined =>
  /<@(\d+)>/.exec(`${content} ${JSON.stringify(components)}`)?.[1];
