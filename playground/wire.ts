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
  return {
    id: channel.id,
    type: channel.type,
    guild_id: channel.guildId,
    name: channel.name,
    nsfw: channel.nsfw,
    position: 0,
    flags: 0,
    topic: null,
    parent_id: null,
    last_message_id: null,
    rate_limit_per_user: 0,
    permission_overwrites: [],
  };
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
  const channels = [...world.channels.values()].filter((channel) => channel.guildId === guild.id);
  return {
    ...guildToWire(guild),
    joined_at: toIso(guild.members.get(world.application.botId)?.joinedAt ?? 0),
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    members: [...guild.members.values()].map((member) => memberToWire(world, member)),
    channels: channels.map((channel) => channelToWire(world, channel)),
    threads: [],
    voice_states: [],
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  } as unknown as GatewayGuildCreateDispatchData;
}
