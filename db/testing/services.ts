/** @file Postgres and Redis for integration tests: those of the environment, or private ones in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** Running servers. Each test file makes its own database and queue prefix in them. */
export interface TestServices {
  /** Points at the maintenance database; see {@link createTestDatabase}. */
  readonly postgresUrl: string;
  readonly redisUrl: string;
  stop(): Promise<void>;
}

/**
 * Looks for what {@link startTestServices} needs.
 *
 * @returns why the tests cannot run, for `describe.skipIf`; undefined where they can
 * @throws {Error} where they cannot and CI is set: there, a missing service is a failure
 */
export function missingTestServices(): string | undefined {
  const missing = [
    process.env.TEST_POSTGRES_URL || findPostgresBin() ? [] : ['Postgres (TEST_POSTGRES_URL)'],
    process.env.TEST_REDIS_URL || findRedisServer() ? [] : ['Redis (TEST_REDIS_URL)'],
  ].flat();
  if (missing.length === 0) return undefined;
  const reason = `needs ${missing.join(' and ')}, installed or by URL`;
  if (process.env.CI) throw new Error(`integration tests: ${reason}`);
  return reason;
}

/** Uses the servers that TEST_POSTGRES_URL and TEST_REDIS_URL name, or starts private ones. */
export async function startTestServices(): Promise<TestServices> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const postgresUrl = process.env.TEST_POSTGRES_URL || (await startPostgres(stops));
    const redisUrl = process.env.TEST_REDIS_URL || (await startRedis(stops)).url;
    return { postgresUrl, redisUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes an empty database in the server; `drop` it afterwards. */
export async function createTestDatabase(
  postgresUrl: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await runSql(postgresUrl, `create database ${name}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => runSql(postgresUrl, `drop database if exists ${name} with (force)`),
  };
}

/** A queue prefix that no other test file uses. */
export function createTestPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}

/** A private Redis that a test may stop and start. */
export interface TestRedis {
  readonly url: string;
  /** Kills it without warning. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>;
}

/** Starts a Redis of one's own, to be broken. */
export async function startTestRedis(): Promise<TestRedis & { stop(): Promise<void> }> {
  const stops: (() => Promise<void>)[] = [];
  const redis = await startRedis(stops);
  return {
    ...redis,
    stop: async () => {
      for (const each of stops.splice(0).reverse()) await each();
    },
  };
}

async function runSql(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function findPostgresBin(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(root, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
}

function findRedisServer(): string | undefined {
  return (process.env.PATH ?? '')
    .split(':')
    .map((folder) => join(folder, 'redis-server'))
    .find((path) => existsSync(path));
}

/** Postgres refuses to run as root; where we are root, it runs as the user that its package made. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function startPostgres(stops: (() => Promise<void>)[]): Promise<string> {
  const bin = findPostgresBin();
  if (!bin) throw new Error('Postgres: no installation under /usr/lib/postgresql');
  const user = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'test-postgres-'));
  stops.push(async () => rmSync(folder, { recursive: true, force: true }));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...user, cwd: folder, stdio: 'ignore' },
  );
  const port = await findFreePort();
  const settings = { listen_addresses: '127.0.0.1', fsync: 'off', max_connections: '200' };
  const server = spawn(
    join(bin, 'postgres'),
    [
      ...['-D', data, '-p', String(port), '-k', folder],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    { ...user, cwd: folder, stdio: 'ignore' },
  );
  // SIGINT: fast shutdown, which does not wait for clients.
  stops.push(() => endProcess(server, 'SIGINT'));
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await waitUntil('Postgres', server, () => runSql(url, 'select 1'));
  return url;
}

async function startRedis(stops: (() => Promise<void>)[]): Promise<TestRedis> {
  const program = findRedisServer();
  if (!program) throw new Error('Redis: no redis-server in PATH');
  const folder = mkdtempSync(join(tmpdir(), 'test-redis-'));
  mkdirSync(folder, { recursive: true });
  stops.push(async () => rmSync(folder, { recursive: true, force: true }));
  const port = await findFreePort();
  let server: ChildProcess | undefined;
  const start = async () => {
    server = spawn(
      program,
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
        ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
      ],
      { stdio: 'ignore' },
    );
    await waitUntil('Redis', server, () => canConnect(port));
  };
  await start();
  stops.push(async () => {
    if (server) await endProcess(server, 'SIGTERM');
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: async () => {
      if (server) await endProcess(server, 'SIGKILL');
    },
    restart: start,
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('port: none is free');
  return address.port;
}

function canConnect(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}

async function waitUntil(
  name: string,
  server: ChildProcess,
  probe: () => Promise<void>,
): Promise<void> {
  // Whatever ends this process must not leave the server behind.
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  server.once('exit', () => process.removeListener('exit', kill));
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (server.exitCode !== null) throw new Error(`${name}: ended at start`, { cause: error });
      if (Date.now() > deadline) throw new Error(`${name}: not ready in 60 s`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}
