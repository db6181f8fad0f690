import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { botConfigSchema, ConfigError, parseBotConfig } from './config.ts';

const good = {
  DISCORD_TOKEN: 'a-token-that-is-long-enough',
  DISCORD_APPLICATION_ID: '123456789012345678',
  DATABASE_URL: 'postgres://user:secret@localhost/rendition',
  FILES_DIR: '/var/lib/rendition/files',
  FILES_KEY: Buffer.alloc(32, 1).toString('base64'),
};

const messageOf = (environment: NodeJS.ProcessEnv): string => {
  try {
    parseBotConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('accepted');
};

describe("the bot's environment", () => {
  test('is taken with its defaults, and frozen', () => {
    const config = parseBotConfig({
      ...good,
      REDIS_URL: '',
      LOG_LEVEL: '',
      ATTACHMENT_ORIGINS: '',
    });
    expect(config).toMatchObject({ LOG_LEVEL: 'info', ATTACHMENT_ORIGINS: [] });
    expect(config.REDIS_URL).toBeUndefined();
    expect(config.BASE_CHECKPOINT).toMatch(/models.pocket$/);
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('takes more origins of attachments', () => {
    const config = parseBotConfig({
      ...good,
      ATTACHMENT_ORIGINS: 'files.example.org, http://127.0.0.1:4000',
    });
    expect(config.ATTACHMENT_ORIGINS).toEqual(['files.example.org', 'http://127.0.0.1:4000']);
  });

  test('names every bad variable and its rule, never its value', () => {
    const bad = {
      DISCORD_TOKEN: 'sesame',
      DISCORD_APPLICATION_ID: 'sesame',
      DATABASE_URL: 'mysql://sesame',
      REDIS_URL: 'http://sesame',
      FILES_DIR: '',
      FILES_KEY: 'sesame',
      LOG_LEVEL: 'sesame',
      ATTACHMENT_ORIGINS: 'http://10.0.0.1/sesame',
      DISCORD_API_URL: 'sesame',
    };
    const message = messageOf(bad);
    for (const name of Object.keys(bad)) expect(message).toContain(`  ${name}: `);
    expect(message).not.toContain('sesame');
    expect(messageOf({})).toContain('  DISCORD_TOKEN: required');
  });

  test('is listed in .env.example, each variable', () => {
    const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
    const listed = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]);
    expect(listed).toEqual(expect.arrayContaining(Object.keys(botConfigSchema.shape)));
  });
});
