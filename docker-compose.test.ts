/** @file Holds the deployment together without a Docker engine: compose file, Dockerfiles, config schemas, .env.example. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { botConfigSchema } from './bot/config.ts';
import { parseDockerfile, readCopy } from './dockerfile.ts';
import { workerConfigSchema } from './gpu-worker/config.ts';

type Service = {
  image?: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: unknown[];
  networks?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  restart?: string;
  deploy?: {
    resources: { reservations: { devices: { driver: string; capabilities: string[] }[] } };
  };
};

const root = import.meta.dirname;
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const compose = parse(read('docker-compose.yml')) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean } | null>;
};
const services = compose.services;
const service = (name: string): Service => services[name]!;

/** `NAME=value` lines of .env.example; a commented one is a variable with a default. */
const example = new Map(
  [...read('.env.example').matchAll(/^(#?)([A-Z][A-Z0-9_]*)=(.*)$/gm)].map((match) => [
    match[2]!,
    { isRequired: match[1] === '', value: match[3]! },
  ]),
);

/** What somebody who followed the guide has in .env. */
const filledIn: Record<string, string> = {
  DISCORD_TOKEN: 'MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789ab',
  DISCORD_APPLICATION_ID: '123456789012345678',
  FILES_KEY: Buffer.alloc(32, 7).toString('base64'),
  POSTGRES_PASSWORD: 'a1b2c3d4e5f60718',
};

/** As docker compose does: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`. */
function interpolate(text: string, environment: Record<string, string>): string {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name, operator, rest) => {
    const value = environment[name];
    if (value) return value;
    if (operator === '-') return rest;
    throw new Error(rest ?? `${name} is not set`);
  });
}

function environmentOf(name: string, dotEnv: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(service(name).environment ?? {}).map(([key, text]) => [
      key,
      interpolate(text, dotEnv),
    ]),
  );
}

const processes: [name: string, schema: z.ZodObject][] = [
  ['bot', botConfigSchema as unknown as z.ZodObject],
  ['gpu-worker', workerConfigSchema as unknown as z.ZodObject],
];
/** Only of use beside a local Discord: a deployment has no business setting them. */
const forTestsOnly = new Set(['ATTACHMENT_ORIGINS', 'DISCORD_API_URL']);

describe('docker-compose.yml', () => {
  test('runs a database, a queue, the bot and the worker', () => {
    expect(Object.keys(services).sort()).toEqual(['bot', 'gpu-worker', 'postgres', 'redis']);
  });

  test('the queue keeps a log on disk and never evicts', () => {
    const command = service('redis').command!.join(' ');
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(service('redis').volumes).toContain('redis:/data');
  });

  test.each(['postgres', 'redis'])('%s is reached by nobody outside', (name) => {
    expect(service(name).networks).toEqual(['data']);
    expect(compose.networks.data?.internal).toBe(true);
  });

  test('no port is published', () => {
    expect(Object.values(services).filter(({ ports }) => ports)).toEqual([]);
  });

  test.each(['bot', 'gpu-worker'])('%s waits until database and queue are healthy', (name) => {
    for (const [needed, { condition }] of Object.entries(service(name).depends_on!)) {
      expect(condition).toBe('service_healthy');
      expect(service(needed).healthcheck?.test.length).toBeGreaterThan(1);
    }
    expect(Object.keys(service(name).depends_on!).sort()).toEqual(['postgres', 'redis']);
  });

  test('everything starts again after a crash or a reboot', () => {
    for (const { restart } of Object.values(services)) expect(restart).toBe('unless-stopped');
  });

  test('bot and worker see the same base checkpoint', () => {
    const { BASE_CHECKPOINT } = service('gpu-worker').environment!;
    expect(service('bot').environment!.BASE_CHECKPOINT).toBe(BASE_CHECKPOINT);
    const folder = interpolate(BASE_CHECKPOINT!, {});
    expect(
      existsSync(path.join(root, path.posix.relative('/app', path.posix.dirname(folder)))),
    ).toBe(true);
    for (const name of ['bot', 'gpu-worker']) {
      expect(service(name).volumes).toContainEqual(expect.stringMatching(/:\/checkpoints:ro$/));
      expect(service(name).environment!.HUB_DIR).toBe('/data/hub');
    }
  });

  test('every named volume is declared and used; bot and worker share the files', () => {
    const mounts = Object.values(services).flatMap(({ volumes }) => volumes ?? []);
    const named = mounts.map((mount) => mount.split(':')[0]!).filter((name) => /^\w+$/.test(name));
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
    for (const name of ['bot', 'gpu-worker']) {
      expect(service(name).volumes).toContain('files:/data/files');
      expect(service(name).environment!.FILES_DIR).toBe('/data/files');
    }
    expect(service('gpu-worker').volumes).toContain('hub:/data/hub');
    expect(service('bot').volumes).toContain('hub:/data/hub:ro');
    expect(service('gpu-worker').volumes).toContain(
      `work:${service('gpu-worker').environment!.WORK_DIR}`,
    );
  });

  test('the worker is given an NVIDIA GPU', () => {
    const [device] = service('gpu-worker').deploy!.resources.reservations.devices;
    expect(device).toMatchObject({ driver: 'nvidia', capabilities: ['gpu'] });
  });
});

describe.each(processes)('the environment of %s', (name, schema) => {
  const fields = schema.shape as Record<string, z.ZodType>;

  test('is what its config schema takes, and nothing that it would ignore', () => {
    const unknown = Object.keys(service(name).environment!).filter((key) => !(key in fields));
    expect(unknown).toEqual([]);
    const missing = Object.keys(fields).filter(
      (key) => !(key in service(name).environment!) && !forTestsOnly.has(key),
    );
    expect(missing).toEqual([]);
  });

  test('passes the schema when .env holds the four values of the guide', () => {
    const result = schema.safeParse(environmentOf(name, filledIn));
    expect(result.error?.issues ?? []).toEqual([]);
  });

  test('is refused by compose, by name, when a value is missing', () => {
    expect(() => environmentOf(name, { ...filledIn, FILES_KEY: '' })).toThrow('FILES_KEY');
    expect(() => environmentOf(name, { ...filledIn, POSTGRES_PASSWORD: '' })).toThrow(
      'POSTGRES_PASSWORD',
    );
  });
});

describe('.env.example', () => {
  const inCompose = new Map(
    [...read('docker-compose.yml').matchAll(/\$\{(\w+)(?::([-?])[^}]*)?\}/g)].map((match) => [
      match[1]!,
      match[2],
    ]),
  );

  test('lists every variable that compose or a config schema reads, and no other', () => {
    const wanted = new Set([
      ...inCompose.keys(),
      ...processes.flatMap(([, schema]) => Object.keys(schema.shape)),
    ]);
    expect([...example.keys()].sort()).toEqual([...wanted].sort());
  });

  test('leaves open exactly what compose insists on', () => {
    const open = [...example].filter(([, { isRequired }]) => isRequired).map(([name]) => name);
    const insisted = [...inCompose]
      .filter(([, operator]) => operator === '?')
      .map(([name]) => name);
    expect(open.sort()).toEqual(insisted.sort());
    expect(Object.keys(filledIn).sort()).toEqual(insisted.sort());
  });

  test('holds no secret', () => {
    for (const [name, { isRequired, value }] of example) {
      if (isRequired) expect(value, name).toBe('');
    }
    expect(read('.gitignore').split('\n')).toContain('.env');
  });
});

describe.each(['bot', 'gpu-worker'])('the image of %s', (name) => {
  const { context, dockerfile } = service(name).build!;
  const instructions = parseDockerfile(read(dockerfile));
  const copied = instructions.flatMap((instruction) => readCopy(instruction)?.sources ?? []);

  test('is built from the root, on Node 24', () => {
    expect(context).toBe('.');
    const bases = instructions.filter(({ name }) => name === 'FROM').map(({ text }) => text);
    expect(bases.some((base) => /^node:24-/.test(base))).toBe(true);
  });

  test('copies only what exists and what .dockerignore lets in', () => {
    const letIn = read('.dockerignore').split('\n');
    expect(letIn).toContain('*');
    for (const source of copied) {
      expect(existsSync(path.join(root, source)), source).toBe(true);
      expect(letIn, source).toContain(`!${source}`);
    }
    expect(letIn).toContain('**/.env*');
    expect(letIn).toContain('**/node_modules');
  });

  test('holds every room that its sources import', () => {
    const rooms: Record<string, string> = { '#worker': 'gpu-worker' };
    for (const folder of copied.filter((source) => !source.includes('.'))) {
      for (const file of readdirSync(path.join(root, folder), { recursive: true }) as string[]) {
        if (!file.endsWith('.ts') || /\.test\.ts$|^testing\//.test(file)) continue;
        const source = read(path.join(folder, file));
        for (const [, room] of source.matchAll(/(?:from|import\()\s*'(#\w+)\//g)) {
          expect(copied, `${folder}/${file}`).toContain(rooms[room!] ?? room!.slice(1));
        }
      }
    }
  });

  test('does not run as root, and starts the process directly, so that it hears signals', () => {
    const last = (wanted: string): string =>
      instructions.findLast(({ name }) => name === wanted)?.text ?? '';
    expect(last('USER')).toBe('1000:1000');
    expect(JSON.parse(last('CMD'))).toEqual(['node', '--import', 'tsx', `${name}/main.ts`]);
    expect(existsSync(path.join(root, name, 'main.ts'))).toBe(true);
  });

  test('makes its data folders for that user', () => {
    const made = instructions.find(({ text }) => text.startsWith('install -d -o 1000 -g 1000'));
    for (const key of ['FILES_DIR', 'HUB_DIR', 'WORK_DIR']) {
      const folder = service(name).environment![key];
      if (folder) expect(made?.text.split(' ')).toContain(folder);
    }
  });
});

test('the guide names every variable that somebody has to fill in, and the commands that exist', () => {
  const guide = read('docs/run-it-for-real.md');
  for (const [name, { isRequired }] of example) if (isRequired) expect(guide).toContain(name);
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const [, script] of guide.matchAll(/npm run ([\w:-]+)/g))
    expect(scripts).toHaveProperty(script!);
});
