/** @file The gateway against the real client and against bare sockets: resume, reconnect, sessions, intents. */
import { once } from 'node:events';
import type { Client } from 'discord.js';
import { Events, GatewayIntentBits } from 'discord.js';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Json } from './json.ts';
import type { Playground } from './server.ts';
import { startPlayground } from './server.ts';
import type { Stage } from './test-bot.ts';
import { clientOptions, logIn, registerPaint, startStage } from './test-bot.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function openStage(options = {}): Promise<Stage> {
  const stage = await startStage(options);
  closers.push(() => stage.close());
  return stage;
}

async function openPlayground(options = {}): Promise<Playground> {
  const playground = await startPlayground(options);
  closers.push(() => playground.close());
  return playground;
}

const framesIn = (playground: Playground, op: number) =>
  playground
    .log()
    .filter((entry) => entry.kind === 'gateway' && entry.direction === 'in' && entry.op === op);

/** A bare socket that collects what it receives. */
async function connect(playground: Playground) {
  const socket = new WebSocket(playground.urls.gateway);
  const frames: Json[] = [];
  socket.on('message', (raw) => frames.push(JSON.parse(raw.toString()) as Json));
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  const send = (op: number, d: unknown) => socket.send(JSON.stringify({ op, d }));
  const identify = (intents: number, token = playground.application.token) =>
    send(2, { token, intents, properties: {}, shard: [0, 1] });
  const waitFor = (fits: (frame: Json) => boolean) =>
    expect.poll(() => frames.find(fits), { timeout: 3000 }).toBeDefined();
  return { socket, frames, closed, send, identify, waitFor };
}

describe('the gateway', () => {
  test('replays an interaction that was missed while the connection was down', async () => {
    const stage = await openStage();
    const { playground } = stage;
    await registerPaint(stage);
    stage.handle(
      (interaction) => interaction.isChatInputCommand() && interaction.reply('caught up'),
    );
    playground.fault({ kind: 'drop-gateway' });
    const outcome = await playground.command({ user: 'ada', name: 'paint' });
    expect(outcome.message?.content).toBe('caught up');
    expect(framesIn(playground, 6)).toHaveLength(1);
    expect(framesIn(playground, 2)).toHaveLength(1);
  });

  test('is resumed after reconnect (op 7) and after a resumable invalid session (op 9)', async () => {
    const { client, playground } = await openStage();
    for (const kind of ['reconnect', 'invalid-session', 'close-gateway'] as const) {
      const resumed = once(client as Client, Events.ShardResume);
      playground.fault({ kind, resumable: true, code: 4000 });
      await resumed;
    }
    expect(framesIn(playground, 6)).toHaveLength(3);
    expect(framesIn(playground, 2)).toHaveLength(1);
  });

  test('keeps the client alive with heartbeats, and loses it without acknowledgements', async () => {
    const { client, playground } = await openStage({ heartbeatIntervalMs: 120 });
    await expect.poll(() => framesIn(playground, 1).length).toBeGreaterThan(1);
    expect(framesIn(playground, 6)).toHaveLength(0);
    const reconnecting = once(client as Client, Events.ShardReconnecting);
    playground.fault({ kind: 'no-heartbeat-ack' });
    await reconnecting;
    playground.clearFaults();
    await once(client as Client, Events.ShardResume);
  });

  test('leaves a resume unanswered when told to', async () => {
    const { client, playground } = await openStage();
    playground.fault({ kind: 'ignore-resume' });
    playground.fault({ kind: 'drop-gateway' });
    await expect.poll(() => framesIn(playground, 6).length, { timeout: 3000 }).toBe(1);
    expect(client.isReady()).toBe(true);
    expect(playground.connectedCount()).toBe(0);
  });

  test('closes with 4004 on a bad token and 4014 on intents that were not granted', async () => {
    const playground = await openPlayground();
    const stranger = await connect(playground);
    stranger.identify(1, 'wrong');
    expect(await stranger.closed).toBe(4004);
    const greedy = await connect(playground);
    greedy.identify(GatewayIntentBits.MessageContent);
    expect(await greedy.closed).toBe(4014);
    playground.application.token = 'changed';
    const options = clientOptions(playground);
    const failure = await logIn(
      { ...playground, application: { ...playground.application, token: 'old' } },
      options,
    ).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
  });

  test('closes on oversized frames and unparsable ones, and limits identifies when asked to', async () => {
    const playground = await openPlayground({ identifyIntervalMs: 5000 });
    const loud = await connect(playground);
    loud.socket.send('x'.repeat(4097));
    expect(await loud.closed).toBe(4002);
    const first = await connect(playground);
    first.identify(1);
    await first.waitFor((frame) => frame.t === 'READY');
    const second = await connect(playground);
    second.identify(1);
    await second.waitFor((frame) => frame.op === 9 && frame.d === false);
    for (const { socket } of [first, second]) socket.close();
  });

  test('invalidates a session for good: a later resume is refused', async () => {
    const playground = await openPlayground();
    const first = await connect(playground);
    first.identify(1);
    await first.waitFor((frame) => frame.t === 'READY');
    const ready = first.frames.find((frame) => frame.t === 'READY')?.d as Json;
    playground.fault({ kind: 'invalid-session' });
    await first.waitFor((frame) => frame.op === 9 && frame.d === false);
    const second = await connect(playground);
    second.send(6, { token: playground.application.token, session_id: ready.session_id, seq: 1 });
    await second.waitFor((frame) => frame.op === 9 && frame.d === false);
    for (const { socket } of [first, second]) socket.close();
  });

  test('sends messages only to sessions with the intent, and their content only with its own', async () => {
    const playground = await openPlayground({ privilegedIntents: true });
    const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;
    const deaf = await connect(playground);
    deaf.identify(Guilds);
    const blind = await connect(playground);
    blind.identify(Guilds | GuildMessages);
    const reader = await connect(playground);
    reader.identify(Guilds | GuildMessages | MessageContent);
    for (const session of [deaf, blind, reader]) {
      await session.waitFor((frame) => frame.t === 'GUILD_CREATE');
    }
    playground.say({ user: 'ada', content: 'secret' });
    await reader.waitFor((frame) => frame.t === 'MESSAGE_CREATE');
    const seen = (session: typeof deaf) =>
      session.frames
        .filter((frame) => frame.t === 'MESSAGE_CREATE')
        .map((frame) => frame.d as Json);
    await expect.poll(() => seen(blind).length).toBe(1);
    expect(seen(reader)[0]?.content).toBe('secret');
    expect(seen(blind)[0]?.content).toBe('');
    expect(seen(deaf)).toEqual([]);
    for (const { socket } of [deaf, blind, reader]) socket.close();
  });

  test('tells of new guilds and channels, and of being removed', async () => {
    const { client, playground } = await openStage();
    const created = once(client as Client, Events.GuildCreate);
    const guild = playground.createGuild({ name: 'Second', owner: 'ben' });
    await created;
    playground.createChannel({ name: 'art', guild: 'Second', nsfw: true });
    await expect
      .poll(() => client.channels.cache.find((item) => 'name' in item && item.name === 'art'))
      .toMatchObject({ nsfw: true });
    const left = once(client as Client, Events.GuildDelete);
    playground.removeBot(guild.id);
    await left;
    expect(client.guilds.cache.has(guild.id)).toBe(false);
  });
});
