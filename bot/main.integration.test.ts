/** @file The bot as its own process: it refuses a bad environment, and ends when told to. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const good = {
  DISCORD_TOKEN: 'a-token-that-is-long-enough',
  DISCORD_APPLICATION_ID: '123456789012345678',
  DATABASE_URL: 'postgres://user:secret@localhost/rendition',
  FILES_DIR: '/nonexistent/files',
  FILES_KEY: Buffer.alloc(32, 1).toString('base64'),
};

const run = (file: string, environment: Record<string, string>) => {
  const entry = fileURLToPath(new URL(file, import.meta.url));
  return spawnSync(process.execPath, ['--import', 'tsx', entry], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    encoding: 'utf8',
  });
};

test('a PGlite URL is refused by name, with exit code 1 and without its value', () => {
  const { status, stderr } = run('main.ts', { ...good, DATABASE_URL: 'pglite:///tmp/somewhere' });
  expect(status).toBe(1);
  expect(stderr).toContain('DATABASE_URL: must be postgres:// here');
  expect(stderr).not.toContain('somewhere');
});

test('an empty environment is refused with every missing variable', () => {
  const { status, stderr } = run('main.ts', {});
  expect(status).toBe(1);
  for (const name of Object.keys(good)) expect(stderr).toContain(`${name}: required`);
});

test("deploy-commands needs no more than Discord's variables", () => {
  const { status, stderr } = run('deploy-commands.ts', { DISCORD_TOKEN: good.DISCORD_TOKEN });
  expect(status).toBe(1);
  expect(stderr).toBe('bad environment:\n  DISCORD_APPLICATION_ID: required\n');
});

test('a database that is not there ends the process with 1, and the log names no password', () => {
  const { status, stdout } = run('main.ts', {
    ...good,
    DATABASE_URL: 'postgres://user:secret@127.0.0.1:9/rendition',
  });
  expect(status).toBe(1);
  expect(stdout).toContain('bot did not start');
  expect(stdout).not.toContain('secret');
});
