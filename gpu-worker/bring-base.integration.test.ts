import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringBase } from './bring-base.ts';
import { readBaseConfig } from './config.ts';
import { readBaseFacts } from './dreambooth/base-checkpoint.ts';
import { type HubServer, startHubServer } from './hub/testing/hub-server.ts';
import { silentLogger } from './testing/silent-logger.ts';
import { writeTinyCheckpoint } from './testing/tiny-checkpoint.ts';

const REPO = 'owner/tiny';

describe('a base from the hub', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bring-base-'));
  const original = writeTinyCheckpoint(path.join(folder, 'original'), { seed: 4 });
  let hub: HubServer;

  beforeAll(async () => {
    hub = await startHubServer();
    const files = (readdirSync(original, { recursive: true }) as string[])
      .filter((name) => statSync(path.join(original, name)).isFile())
      .map((name) => [name, readFileSync(path.join(original, name))] as const);
    hub.commit(REPO, 'main', Object.fromEntries(files));
  });
  afterAll(async () => {
    await hub.close();
    rmSync(folder, { recursive: true });
  });

  const environment = (hubDir: string) => ({
    BASE_CHECKPOINT: REPO,
    HUB_DIR: path.join(folder, hubDir),
    HF_ENDPOINT: hub.endpoint,
  });
  const doctor = (args: string[]) =>
    new Promise<{ code: number | null; output: string }>((resolve) => {
      const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
      const child = execFile(
        process.execPath,
        ['--import', tsx, path.join(import.meta.dirname, 'doctor.ts'), ...args],
        { env: { ...process.env, ...environment('doctor') } },
        (_, output) => resolve({ code: child.exitCode, output }),
      );
    });

  it('is the same base as the folder that was published', async () => {
    const config = readBaseConfig(environment('worker'));
    await bringBase(config, silentLogger);
    expect(readBaseFacts(config.base.dir)).toEqual(readBaseFacts(original));
  });

  it('is announced by the doctor, and downloaded when asked for', async () => {
    const announced = await doctor([]);
    expect(announced.output).toMatch(
      /missing +base checkpoint owner\/tiny@main: \d+ files, .* are to come from/,
    );
    expect(announced.code).toBe(1);
    const { hash } = readBaseFacts(original);
    const downloaded = await doctor(['--download']);
    expect(downloaded.output).toMatch(
      new RegExp(`works +base checkpoint .*owner--tiny@main: ${hash}`),
    );
    expect(downloaded.code).toBe(0);
    const again = await doctor([]);
    expect(again.output).toContain(`: ${hash}, 2 class nouns`);
  });
});
