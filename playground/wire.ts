/** @file Stored records in the shapes that Discord's REST answers and gateway events have. */
import type {
  APIGuildMember,
  APIRole,
  APIUser,
  GatewayGuildCreateDispatchData,
  GuildMemberFlags,
  RoleFlags,
} from 'discord-api-types/v10';
import type { Json } from './json.ts';
import type { ChannelRecord, GuildRecord, MemberRecord, RoleRecord, World } from './world.ts';
import { ALL_PERMISSIONS } from './world.ts';

/** @returns a time as Discord writes it */
export const toIso = (ms: number) => new Date(ms).toISOString().replace('Z', '000+00:00');

/** @returns a user's public form */
export function userToWire(world: World, userId: string): APIUser {
  const user = world.users.get(userId);
  return {
    id: userId,
    username: user?.username ?? 'deleted_user',
    discriminator: user?.bot ? '0001' : '0',
    global_name: user?.globalName ?? null,
    avatar: null,
    public_flags: 0,
    flags: 0,
    primary_guild: null,
    ...(user?.bot ? { bot: true } : {}),
  } as unknown as APIUser;
}

/** @returns a membership with its user */
export function memberToWire(world: World, member: MemberRecord): APIGuildMember {
  return {
    user: userToWire(world, member.userId),
    nick: null,
    avatar: null,
    banner: null,
    roles: member.roleIds,
    joined_at: toIso(member.joinedAt),
    premium_since: null,
    communication_disabled_until: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0 as GuildMemberFlags,
  };
}

/** @returns a role */
export function roleToWire(role: RoleRecord): APIRole {
  return {
    id: role.id,
    name: role.name,
    permissions: role.permissions.toString(),
    position: 0,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: false,
    mentionable: false,
    icon: null,
    unicode_emoji: null,
    flags: 0 as RoleFlags,
  };
}

/** @returns a channel, for REST answers and inside guilds */
export function channelToWire(world: World, channel: ChannelRecord): Json & { id: string } {
  if (channel.guildId === null) {
    return {
      id: channel.id,
      type: 1,
      flags: 0,
      last_message_id: null,
      recipients: channel.recipientId === null ? [] : [userToWire(world, channel.recipientId)],
    };
  }
  if (channel.parentId !== null) return threadToWire(world, channel);
  const ofForum = {
    available_tags: channel.tags.map((tag) => ({ ...tag, emoji_id: null, emoji_name: null })),
    default_reaction_emoji: null,
    default_sort_order: null,
    default_forum_layout: 0,
  };
  return {
    id: channel.id,
    type: channel.type,
    guild_id: channel.guildId,
    name: channel.name,
    nsfw: channel.nsfw,
    position: 0,
    flags: channel.flags,
    topic: null,
    parent_id: null,
    ...(channel.type === 15 || channel.type === 16 ? ofForum : {}),
    last_message_id: null,
    rate_limit_per_user: 0,
    permission_overwrites: overwritesOf(world, channel),
  };
}

function threadToWire(world: World, thread: ChannelRecord): Json & { id: string } {
  return {
    id: thread.id,
    type: thread.type,
    guild_id: thread.guildId,
    name: thread.name,
    parent_id: thread.parentId,
    owner_id: thread.ownerId ?? world.application.botId,
    flags: thread.flags,
    last_message_id: thread.id,
    rate_limit_per_user: 0,
    thread_metadata: {
      archived: thread.isArchived,
      archive_timestamp: toIso(world.clock.now()),
      auto_archive_duration: 4320,
      locked: false,
    },
    message_count: 0,
    member_count: 1,
    total_message_sent: 0,
    applied_tags: thread.appliedTags,
  };
}

/** What the bot lacks in a channel, as Discord writes it. */
function overwritesOf(world: World, { botPermissions }: ChannelRecord): Json[] {
  const deny = ALL_PERMISSIONS & ~botPermissions;
  if (deny === 0n) return [];
  return [{ id: world.application.botId, type: 1, allow: '0', deny: deny.toString() }];
}

/** @returns a guild as GET /guilds/{id} answers it */
export function guildToWire(guild: GuildRecord): Json {
  return {
    id: guild.id,
    name: guild.name,
    owner_id: guild.ownerId,
    icon: null,
    description: null,
    home_header: null,
    splash: null,
    discovery_splash: null,
    features: [],
    banner: null,
    application_id: null,
    region: 'deprecated',
    afk_channel_id: null,
    afk_timeout: 300,
    system_channel_id: null,
    system_channel_flags: 0,
    widget_enabled: false,
    widget_channel_id: null,
    verification_level: 0,
    roles: guild.roles.map(roleToWire),
    default_message_notifications: 0,
    mfa_level: 0,
    explicit_content_filter: 0,
    max_presences: null,
    max_members: 500000,
    max_stage_video_channel_users: 50,
    max_video_channel_users: 25,
    vanity_url_code: null,
    premium_tier: 0,
    premium_subscription_count: 0,
    preferred_locale: 'en-US',
    rules_channel_id: null,
    safety_alerts_channel_id: null,
    public_updates_channel_id: null,
    premium_progress_bar_enabled: false,
    nsfw: false,
    nsfw_level: 0,
    emojis: [],
    stickers: [],
    incidents_data: null,
  };
}

/** @returns a guild as the GUILD_CREATE event brings it */
export function guildCreateToWire(
  world: World,
  guild: GuildRecord,
): GatewayGuildCreateDispatchData {
  const inGuild = [...world.channels.values()].filter((channel) => channel.guildId === guild.id);
  const channels = inGuild.filter(({ parentId }) => parentId === null);
  const threads = inGuild.filter(({ parentId, isArchived }) => parentId !== null && !isArchived);
  return {
    ...guildToWire(guild),
    joined_at: toIso(guild.members.get(world.application.botId)?.joinedAt ?? 0),
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    members: [...guild.members.values()].map((member) => memberToWire(world, member)),
    channels: channels.map((channel) => channelToWire(world, channel)),
    threads: threads.map((thread) => channelToWire(world, thread)),
    voice_states: [],
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  } as unknown as GatewayGuildCreateDispatchData;
}
