/** @file Starts a playground: one port for API, gateway and CDN, one port for the people and the faults. */

import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIMessage } from 'discord-api-types/v10';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { createControlListener } from './control.ts';
import { findChannel, findGuild, findUser } from './delivery.ts';
import type { FaultRequest, RequestFaultKind } from './faults.ts';
import { createFaultRules, isGatewayFault } from './faults.ts';
import { createFileStore } from './files.ts';
import { createGateway } from './gateway.ts';
import { messageToWire } from './message-wire.ts';
import { visibleMessages } from './messages.ts';
import type { RateLimitRules } from './rate-limits.ts';
import { createRateLimiter } from './rate-limits.ts';
import type { LogEntry } from './recorder.ts';
import { createRecorder } from './recorder.ts';
import { createRestListener } from './rest.ts';
import { applicationRoutes } from './routes/application.ts';
import { channelRoutes } from './routes/channels.ts';
import { interactionRoutes } from './routes/interactions.ts';
import type { UserActions } from './user-actions.ts';
import { createUserActions } from './user-actions.ts';
import type { Violation, WireValidator } from './violations.ts';
import { channelToWire, guildCreateToWire, roleToWire } from './wire.ts';
import type { ChannelRecord, GuildRecord, RoleRecord, UserRecord, World } from './world.ts';
import { addChannel, addGuild, addMember, addUser, createWorld } from './world.ts';

const GUILDS_INTENT = 1 << 0;

/** How a playground is started. */
export interface PlaygroundOptions {
  /** API, gateway and CDN. Default 0: any free port. */
  port?: number;
  /** Control port. Default 0: any free port. */
  controlPort?: number;
  /** Folder for uploaded bytes. Default: in memory. */
  cdnDir?: string;
  /** Moves the 3 s, 15 min, nonce and link rules. Rate limits and heartbeats stay in real time. */
  clock?: Clock;
  heartbeatIntervalMs?: number;
  /** Real milliseconds between two identifies; Discord's value is 5000. Default 0: no limit. */
  identifyIntervalMs?: number;
  /** Grants the privileged intents. Default false: asking for one closes with 4014. */
  privilegedIntents?: boolean;
  /** Overrides of the default buckets. */
  rateLimits?: RateLimitRules;
  /** Checks every request and answer, such as `createOpenApiValidator(file)`. */
  validate?: WireValidator;
  /** Default `Rendition`. */
  applicationName?: string;
  /** Fixes the bot token. Default: a random one. */
  token?: string;
  /** Names of the first guild's people. Default: ada (owner), ben, cleo, dora. */
  userNames?: string[];
}

/** A running playground. */
export interface Playground extends UserActions {
  urls: { api: string; cdn: string; control: string; gateway: string };
  /** What the bot needs to log in. */
  application: { id: string; name: string; token: string; botId: string };
  /** The first guild, its first channel, and its people by name. */
  guild: GuildRecord;
  channel: ChannelRecord;
  users: Record<string, UserRecord>;
  world: World;
  /** @returns a user by name or id @throws {DiscordError} 404, 10013 */
  user(nameOrId: string): UserRecord;
  createUser(user: {
    username: string;
    guild?: string;
    locale?: string;
    permissions?: bigint;
    acceptsDms?: boolean;
  }): UserRecord;
  createGuild(guild: { name: string; owner: string; members?: string[] }): GuildRecord;
  createChannel(
    channel: Partial<Pick<ChannelRecord, 'type' | 'nsfw' | 'tags' | 'flags'>> & {
      name: string;
      guild?: string;
    },
  ): ChannelRecord;
  createRole(role: { name: string; guild?: string; members?: string[] }): RoleRecord;
  /** Changes a user, such as `{ acceptsDms: false }`. */
  changeUser(user: string, change: Partial<Omit<UserRecord, 'id'>>): UserRecord;
  /** Changes a channel, such as `{ botPermissions: 0n }`. */
  changeChannel(channel: string, change: Partial<Omit<ChannelRecord, 'id'>>): ChannelRecord;
  /** Removes the bot from a guild (GUILD_DELETE). */
  removeBot(guild: string): void;
  /** @returns messages of a channel, oldest first, with the viewer's own ephemeral ones */
  messages(query?: { channel?: string; viewer?: string; dmOf?: string }): APIMessage[];
  /** @returns the first message that fits, as soon as there is one @throws {Error} after the timeout */
  waitForMessage(
    fits: (message: APIMessage) => boolean,
    query?: { channel?: string; viewer?: string; dmOf?: string; timeoutMs?: number },
  ): Promise<APIMessage>;
  fault(fault: FaultRequest): void;
  clearFaults(): void;
  log(): LogEntry[];
  clearLog(): void;
  /** Bodies that broke the description given as `validate`. */
  violations: Violation[];
  /** @returns how many gateway sessions are connected */
  connectedCount(): number;
  /** Waits until a gateway session is connected. @throws {Error} after the timeout */
  waitForBot(timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts a playground on loopback. */
export async function startPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const clock = options.clock ?? systemClock;
  const recorder = createRecorder(clock);
  const faults = createFaultRules();
  const violations: Violation[] = [];
  const urls = { api: '', cdn: '', control: '', gateway: '' };
  const world = createWorld(
    clock,
    (mint) => createFileStore(clock, mint, () => urls.cdn, options.cdnDir),
    {
      name: options.applicationName ?? 'Rendition',
      ...(options.token === undefined ? {} : { token: options.token }),
    },
  );
  const names = options.userNames ?? ['ada', 'ben', 'cleo', 'dora'];
  const people = names.map((username) => addUser(world, { username }));
  const guild = addGuild(world, { name: 'Playground', ownerId: people[0]?.id ?? '' });
  for (const user of people.slice(1)) addMember(world, guild, user.id);
  const channel = addChannel(world, { guildId: guild.id, name: 'general' });

  const api = createServer(
    createRestListener({
      world,
      files: world.files,
      routes: [
        ...applicationRoutes(world, () => urls.gateway),
        ...channelRoutes(world),
        ...interactionRoutes(world),
      ],
      recorder,
      faults,
      limiter: createRateLimiter(options.rateLimits),
      validator: options.validate,
      violations,
    }),
  );
  const gateway = createGateway({
    world,
    recorder,
    http: api,
    url: () => urls.gateway,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 41_250,
    identifyIntervalMs: options.identifyIntervalMs ?? 0,
    privilegedIntents: options.privilegedIntents ?? false,
  });

  const queryMessages = (query: { channel?: string; viewer?: string; dmOf?: string } = {}) => {
    const viewer = query.viewer === undefined ? null : findUser(world, query.viewer).id;
    const dmUser = query.dmOf === undefined ? undefined : findUser(world, query.dmOf);
    const dm = [...world.channels.values()].find((item) => item.recipientId === dmUser?.id);
    if (dmUser && !dm) return [];
    const place = dmUser ? dm : findChannel(world, query.channel ?? channel.id);
    return visibleMessages(world, place?.id ?? '', viewer).map((item) =>
      messageToWire(world, item),
    );
  };

  const playground: Playground = {
    ...createUserActions(world, faults),
    urls,
    application: world.application,
    guild,
    channel,
    users: Object.fromEntries(people.map((user) => [user.username, user])),
    world,
    violations,
    user: (nameOrId) => findUser(world, nameOrId),
    createUser(user) {
      const { guild: guildName, permissions, ...rest } = user;
      const record = addUser(world, rest);
      const home = findGuild(world, guildName);
      addMember(world, home, record.id, permissions === undefined ? {} : { permissions });
      playground.users[record.username] = record;
      return record;
    },
    createGuild({ name, owner, members = [] }) {
      const record = addGuild(world, { name, ownerId: findUser(world, owner).id });
      for (const member of members) addMember(world, record, findUser(world, member).id);
      addChannel(world, { guildId: record.id, name: 'general' });
      const data = guildCreateToWire(world, record);
      world.dispatch({ event: 'GUILD_CREATE', data, intent: GUILDS_INTENT });
      return record;
    },
    createChannel({ guild: guildName, ...channel }) {
      const home = findGuild(world, guildName);
      const record = addChannel(world, { guildId: home.id, ...channel });
      const data = guildCreateToWire(world, home).channels.find((item) => item.id === record.id);
      world.dispatch({ event: 'CHANNEL_CREATE', data, intent: GUILDS_INTENT });
      return record;
    },
    createRole({ name, guild: guildName, members = [] }) {
      const home = findGuild(world, guildName);
      const role = { id: world.mint(), name, permissions: 0n };
      home.roles.push(role);
      for (const member of members) {
        home.members.get(findUser(world, member).id)?.roleIds.push(role.id);
      }
      const data = { guild_id: home.id, role: roleToWire(role) };
      world.dispatch({ event: 'GUILD_ROLE_CREATE', data, intent: GUILDS_INTENT });
      return role;
    },
    changeUser: (user, change) => Object.assign(findUser(world, user), change),
    changeChannel(name, change) {
      const record = Object.assign(findChannel(world, name), change);
      const data = channelToWire(world, record);
      world.dispatch({ event: 'CHANNEL_UPDATE', data, intent: GUILDS_INTENT });
      return record;
    },
    removeBot(name) {
      const left = findGuild(world, name);
      left.hasBot = false;
      world.dispatch({ event: 'GUILD_DELETE', data: { id: left.id }, intent: GUILDS_INTENT });
    },
    messages: queryMessages,
    async waitForMessage(fits, query = {}) {
      const found = await world.waitFor(
        () => queryMessages(query).find(fits),
        query.timeoutMs ?? 5000,
      );
      if (!found) throw new Error('waitForMessage: no such message in time');
      return found;
    },
    fault(fault) {
      if (isGatewayFault(fault)) gateway.inject(fault);
      else faults.add({ ...fault, kind: fault.kind as RequestFaultKind });
    },
    clearFaults() {
      faults.clear();
      gateway.clearFaults();
    },
    log: () => recorder.entries,
    clearLog: () => recorder.clear(),
    connectedCount: () => gateway.connectedCount(),
    async waitForBot(timeoutMs = 5000) {
      const seen = await world.waitFor(() => gateway.connectedCount() > 0 || undefined, timeoutMs);
      if (!seen) throw new Error('waitForBot: no bot has logged in in time');
    },
    async close() {
      gateway.close();
      await Promise.all([stop(api), stop(control)]);
    },
  };
  const control = createServer(createControlListener(playground));

  const port = await listen(api, options.port ?? 0);
  const controlPort = await listen(control, options.controlPort ?? 0);
  urls.api = `http://127.0.0.1:${port}/api`;
  urls.cdn = `http://127.0.0.1:${port}/cdn`;
  urls.gateway = `ws://127.0.0.1:${port}`;
  urls.control = `http://127.0.0.1:${controlPort}`;
  return playground;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
