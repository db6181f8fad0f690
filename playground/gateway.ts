/** @file The gateway: sessions over WebSocket with heartbeats, intents, resume and replay. */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import type { FaultRequest, GatewayFaultKind } from './faults.ts';
import type { Json } from './json.ts';
import { asArray, asNumber, asObject, asString } from './json.ts';
import type { Recorder } from './recorder.ts';
import { withoutToken } from './recorder.ts';
import { guildCreateToWire, memberToWire, userToWire } from './wire.ts';
import type { Dispatch, World } from './world.ts';

const GUILDS = 1 << 0;
const MESSAGE_CONTENT = 1 << 15;
/** Members, presences, message content: each must be granted to the application. */
const PRIVILEGED = (1 << 1) | (1 << 8) | MESSAGE_CONTENT;

/** Frames kept for a resume. */
const MAX_REPLAY = 2000;
const MAX_FRAME_BYTES = 4096;
const MAX_SENDS_PER_MINUTE = 120;

/** Gateway operations. */
const Op = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  reconnect: 7,
  requestMembers: 8,
  invalidSession: 9,
  hello: 10,
  ack: 11,
} as const;

/** A session, which outlives its connections until the client closes it for good. */
interface Session {
  id: string;
  intents: number;
  seq: number;
  sent: { s: number; t: string; d: unknown }[];
  socket: WebSocket | null;
}

/** What the rest of the playground may do with the gateway. */
export interface Gateway {
  /** @returns how many sessions have a live connection */
  connectedCount(): number;
  /** Makes the gateway misbehave. */
  inject(fault: FaultRequest & { kind: GatewayFaultKind }): void;
  /** Ends `no-heartbeat-ack` and `ignore-resume`. */
  clearFaults(): void;
  close(): void;
}

/** What a gateway is built from. */
export interface GatewayParts {
  world: World;
  recorder: Recorder;
  http: Server;
  url: () => string;
  heartbeatIntervalMs: number;
  /** 0 lets any number of identifies through; Discord's value is 5000. */
  identifyIntervalMs: number;
  /** Whether the application may ask for members, presences and message content. */
  privilegedIntents: boolean;
}

/** Attaches the gateway to an HTTP server. */
export function createGateway(parts: GatewayParts): Gateway {
  const { world, recorder } = parts;
  const sockets = new WebSocketServer({ server: parts.http });
  const sessions = new Map<string, Session>();
  const held = new Set<GatewayFaultKind>();
  let lastIdentifyAt = Number.NEGATIVE_INFINITY;

  function send(socket: WebSocket, op: number, data: unknown, more: Json = {}): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    recorder.add({
      kind: 'gateway',
      direction: 'out',
      op,
      event: asString(more.t) ?? null,
      data,
    });
    socket.send(JSON.stringify({ op, d: data, s: null, t: null, ...more }));
  }

  function emit(session: Session, event: string, data: unknown): void {
    session.seq += 1;
    const frame = { s: session.seq, t: event, d: data };
    session.sent.push(frame);
    if (session.sent.length > MAX_REPLAY) session.sent.shift();
    if (session.socket) send(session.socket, Op.dispatch, data, { s: frame.s, t: frame.t });
  }

  world.onDispatch((dispatch) => {
    for (const session of sessions.values()) {
      if (dispatch.intent !== 0 && (session.intents & dispatch.intent) === 0) continue;
      emit(session, dispatch.event, withIntents(world, session.intents, dispatch));
    }
  });

  function identify(socket: WebSocket, data: Json): Session | null {
    if (data.token !== world.application.token) {
      socket.close(4004, 'Authentication failed.');
      return null;
    }
    const now = Date.now();
    if (now - lastIdentifyAt < parts.identifyIntervalMs) {
      send(socket, Op.invalidSession, false);
      return null;
    }
    lastIdentifyAt = now;
    const intents = asNumber(data.intents);
    if (intents === undefined || intents >= 2 ** 26) {
      socket.close(4013, 'Invalid intent(s).');
      return null;
    }
    if (!parts.privilegedIntents && (intents & PRIVILEGED) !== 0) {
      socket.close(4014, 'Disallowed intent(s).');
      return null;
    }
    const session: Session = {
      id: randomBytes(16).toString('hex'),
      intents,
      seq: 0,
      sent: [],
      socket,
    };
    sessions.set(session.id, session);
    const guilds = [...world.guilds.values()].filter((guild) => guild.hasBot);
    emit(session, 'READY', {
      v: 10,
      user: {
        ...userToWire(world, world.application.botId),
        verified: true,
        email: null,
        mfa_enabled: true,
      },
      guilds: guilds.map((guild) => ({ id: guild.id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: `${parts.url()}/resume`,
      session_type: 'normal',
      shard: asArray(data.shard),
      application: { id: world.application.id, flags: 0 },
    });
    if ((intents & GUILDS) !== 0) {
      for (const guild of guilds) emit(session, 'GUILD_CREATE', guildCreateToWire(world, guild));
    }
    return session;
  }

  function resume(socket: WebSocket, data: Json): Session | null {
    if (held.has('ignore-resume')) return null;
    const session = sessions.get(asString(data.session_id) ?? '');
    const seq = asNumber(data.seq) ?? 0;
    const replayable = session && (session.sent[0]?.s ?? 1) <= seq + 1;
    if (!session || !replayable || data.token !== world.application.token) {
      send(socket, Op.invalidSession, false);
      return null;
    }
    if (session.socket && session.socket !== socket) session.socket.terminate();
    session.socket = socket;
    for (const frame of session.sent.filter((item) => item.s > seq)) {
      send(socket, Op.dispatch, frame.d, { s: frame.s, t: frame.t });
    }
    emit(session, 'RESUMED', {});
    return session;
  }

  function sendMembers(session: Session, data: Json): void {
    const guild = world.guilds.get(asString(data.guild_id) ?? '');
    if (!guild) return;
    const wanted = data.user_ids === undefined ? null : [data.user_ids].flat();
    const members = [...guild.members.values()].filter(
      (member) => wanted === null || wanted.includes(member.userId),
    );
    emit(session, 'GUILD_MEMBERS_CHUNK', {
      guild_id: guild.id,
      members: members.map((member) => memberToWire(world, member)),
      chunk_index: 0,
      chunk_count: 1,
      not_found: [],
      ...(data.nonce === undefined ? {} : { nonce: data.nonce }),
    });
  }

  sockets.on('connection', (socket, request) => {
    let session: Session | null = null;
    let sendsInWindow = 0;
    const window = setInterval(() => {
      sendsInWindow = 0;
    }, 60_000);
    recorder.add({ kind: 'gateway', direction: 'open', op: null, event: null, data: request.url });
    send(socket, Op.hello, { heartbeat_interval: parts.heartbeatIntervalMs });

    socket.on('message', (raw) => {
      const text = raw.toString();
      sendsInWindow += 1;
      if (Buffer.byteLength(text) > MAX_FRAME_BYTES) return socket.close(4002, 'Decode error.');
      if (sendsInWindow > MAX_SENDS_PER_MINUTE) return socket.close(4008, 'Rate limited.');
      const frame = parseFrame(text);
      const op = asNumber(frame?.op);
      if (frame === undefined || op === undefined) return socket.close(4002, 'Decode error.');
      const data = asObject(frame.d) ?? {};
      recorder.add({
        kind: 'gateway',
        direction: 'in',
        op,
        event: null,
        data: withoutToken(frame.d),
      });
      if (op === Op.heartbeat) {
        if (!held.has('no-heartbeat-ack')) send(socket, Op.ack, null);
      } else if (op === Op.identify) {
        if (session) return socket.close(4005, 'Already authenticated.');
        session = identify(socket, data);
      } else if (op === Op.resume) session = resume(socket, data);
      else if (session === null) socket.close(4003, 'Not authenticated.');
      else if (op === Op.requestMembers) sendMembers(session, data);
    });

    socket.on('close', (code) => {
      clearInterval(window);
      recorder.add({ kind: 'gateway', direction: 'close', op: null, event: null, data: code });
      if (session?.socket !== socket) return;
      session.socket = null;
      // 1000 and 1001 from the client end a session; anything else leaves it open for a resume.
      if (code === 1000 || code === 1001) sessions.delete(session.id);
      world.touch();
    });
    socket.on('error', () => socket.terminate());
  });

  const eachSocket = (action: (socket: WebSocket, session: Session) => void) => {
    for (const session of [...sessions.values()]) {
      if (session.socket) action(session.socket, session);
    }
  };

  return {
    connectedCount: () => [...sessions.values()].filter((session) => session.socket).length,
    inject(fault) {
      if (fault.kind === 'drop-gateway') eachSocket((socket) => socket.terminate());
      else if (fault.kind === 'reconnect') eachSocket((socket) => send(socket, Op.reconnect, null));
      else if (fault.kind === 'close-gateway') {
        eachSocket((socket) => socket.close(fault.code ?? 4000));
      } else if (fault.kind === 'invalid-session') {
        eachSocket((socket, session) => {
          if (fault.resumable !== true) sessions.delete(session.id);
          send(socket, Op.invalidSession, fault.resumable === true);
        });
      } else held.add(fault.kind);
    },
    clearFaults: () => held.clear(),
    close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
    },
  };
}

function parseFrame(text: string): Json | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Empties what a session without the message content intent may not read in others' messages. */
function withIntents(world: World, intents: number, dispatch: Dispatch): unknown {
  const { message, data } = dispatch;
  if (!message || (intents & MESSAGE_CONTENT) !== 0 || dispatch.event === 'MESSAGE_DELETE') {
    return data;
  }
  const readable =
    message.authorId === world.application.botId ||
    message.mentionIds.includes(world.application.botId) ||
    world.channels.get(message.channelId)?.guildId === null;
  if (readable) return data;
  return { ...asObject(data), content: '', embeds: [], attachments: [], components: [] };
}
