import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, readBaseConfig, readConfig } from './config.ts';

const good = {
  DATABASE_URL: 'postgres://rendition:pw@localhost/rendition',
  FILES_DIR: '/var/lib/rendition/files',
  FILES_KEY: Buffer.alloc(32, 7).toString('base64'),
  WORK_DIR: 'work',
};

function complaintsOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('the environment of the worker', () => {
  it('needs four variables; the rest has defaults', () => {
    const config = readConfig(good);
    expect(config).toMatchObject({
      databaseUrl: good.DATABASE_URL,
      redisUrl: undefined,
      workDir: path.resolve('work'),
      baseCheckpointDir: path.resolve(import.meta.dirname, '../models/pocket'),
      base: { dir: path.resolve(import.meta.dirname, '../models/pocket') },
      hub: { endpoint: 'https://huggingface.co', token: undefined, variant: undefined },
      judges: { pocketDir: path.resolve(import.meta.dirname, '../models/judges') },
      executionProvider: 'cpu',
      acknowledgeNoOutputClassifier: false,
      logLevel: 'info',
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes a variable that is set to nothing as left out', () => {
    expect(readConfig({ ...good, REDIS_URL: '', LOG_LEVEL: '' }).redisUrl).toBeUndefined();
    expect(complaintsOf({ ...good, FILES_DIR: '' })).toContain('FILES_DIR: required');
  });

  it('takes a hub id for a folder below HUB_DIR', () => {
    const config = readConfig({
      ...good,
      BASE_CHECKPOINT: 'owner/name@v1',
      HUB_DIR: '/hub',
      HF_ENDPOINT: 'https://mirror.example.org/',
      HF_TOKEN: 'hf_1',
      HF_VARIANT: 'fp16',
    });
    expect(config).toMatchObject({
      baseCheckpointDir: '/hub/owner--name@v1',
      base: { hubId: { repo: 'owner/name', revision: 'v1' } },
      hub: { endpoint: 'https://mirror.example.org', token: 'hf_1', variant: 'fp16' },
    });
    expect(readBaseConfig({ BASE_CHECKPOINT: 'owner/name' }).base.hubId?.revision).toBe('main');
  });

  it('names every bad variable and its rule, and no value', () => {
    const bad = {
      DATABASE_URL: 'mysql://secret-1',
      REDIS_URL: 'secret-2',
      FILES_KEY: 'secret-3',
      HF_ENDPOINT: 'https://secret-7@hub.example.org',
      HF_TOKEN: 'secret 8',
      HF_VARIANT: 'secret-9',
      EXECUTION_PROVIDER: 'secret-4',
      ACKNOWLEDGE_NO_OUTPUT_CLASSIFIER: 'secret-5',
      LOG_LEVEL: 'secret-6',
    };
    const message = complaintsOf(bad);
    for (const name of [...Object.keys(bad), 'FILES_DIR', 'WORK_DIR']) {
      expect(message).toContain(`${name}: `);
    }
    expect(message).toContain('must be one of cpu, webgpu, cuda');
    expect(message).not.toContain('secret');
  });

  it('refuses PGlite, which two processes cannot share', () => {
    const message = complaintsOf({ ...good, DATABASE_URL: 'pglite:///data' });
    expect(message).toContain('DATABASE_URL: PGlite lives in one process');
    expect(message.split('\n')).toHaveLength(2);
  });
});
