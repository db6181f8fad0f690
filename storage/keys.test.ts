import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createDataKey,
  generateMasterKey,
  KeyError,
  loadOrCreateKeyFile,
  parseMasterKey,
  rewrapDataKey,
  unwrapDataKey,
} from './keys.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'rendition-keys-'));
});
afterAll(async () => await rm(dir, { recursive: true }));

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof KeyError) return error.code;
    throw error;
  }
  return 'no error';
};

describe('master key', () => {
  test.each([
    ['nothing', ''],
    ['31 bytes', randomBytes(31).toString('base64')],
    ['33 bytes', randomBytes(33).toString('base64')],
    ['hex', randomBytes(32).toString('hex')],
    ['other characters', `${'*'.repeat(43)}=`],
  ])('refuses %s without repeating it', (_, text) => {
    expect(codeOf(() => parseMasterKey(text))).toBe('KEY_MALFORMED');
    if (text) expect(() => parseMasterKey(text)).not.toThrow(text);
  });

  test('never prints its bytes', () => {
    const text = generateMasterKey();
    const shown =
      inspect(parseMasterKey(text), { depth: 9 }) + JSON.stringify(parseMasterKey(text));
    expect(shown).not.toContain(text);
    expect(shown).not.toContain(Buffer.from(text, 'base64').toString('hex'));
  });
});

describe('data key', () => {
  const master = parseMasterKey(generateMasterKey());

  test('unwraps to 32 bytes under the id it was made with', () => {
    const wrapped = createDataKey(master);
    const dataKey = unwrapDataKey(master, wrapped);
    expect(dataKey.keyId).toBe(wrapped.keyId);
    expect(wrapped.masterKeyId).toBe(master.id);
    expect(dataKey.key.symmetricKeySize).toBe(32);
    expect(unwrapDataKey(master, wrapped.wrapped).key.equals(dataKey.key)).toBe(true);
  });

  test('two users have different keys', () => {
    const [one, two] = [createDataKey(master), createDataKey(master)];
    expect(one.keyId).not.toBe(two.keyId);
    expect(unwrapDataKey(master, one).key.equals(unwrapDataKey(master, two).key)).toBe(false);
  });

  test('another master key is named, not tried', () => {
    const other = parseMasterKey(generateMasterKey());
    const wrapped = createDataKey(master);
    expect(codeOf(() => unwrapDataKey(other, wrapped))).toBe('KEY_WRONG_MASTER');
    expect(() => unwrapDataKey(other, wrapped)).toThrow(master.id);
  });

  test('rotation keeps the key and its id, and ends the old master key', () => {
    const next = parseMasterKey(generateMasterKey());
    const wrapped = createDataKey(master);
    const rewrapped = rewrapDataKey(master, next, wrapped);
    expect(rewrapped.keyId).toBe(wrapped.keyId);
    expect(rewrapped.masterKeyId).toBe(next.id);
    expect(
      unwrapDataKey(next, rewrapped.wrapped).key.equals(unwrapDataKey(master, wrapped).key),
    ).toBe(true);
    expect(codeOf(() => unwrapDataKey(master, rewrapped))).toBe('KEY_WRONG_MASTER');
  });

  test('every altered byte is noticed', () => {
    const bytes = createDataKey(master).wrapped;
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at] = altered[at]! ^ 0x10;
      expect(codeOf(() => unwrapDataKey(master, altered))).toMatch(/^KEY_/);
    }
    expect(codeOf(() => unwrapDataKey(master, bytes.subarray(1)))).toBe('KEY_MALFORMED');
  });
});

describe('key file', () => {
  test('is made once, readable by its owner only', async () => {
    const file = path.join(dir, 'made', 'files.key');
    const keys = await Promise.all([1, 2, 3].map(() => loadOrCreateKeyFile(file)));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(parseMasterKey(await readFile(file, 'utf8')).id).toBe(keys[0]!.id);
  });

  test('a file that others can read is refused', async () => {
    const file = path.join(dir, 'open.key');
    await writeFile(file, generateMasterKey());
    await chmod(file, 0o644);
    await expect(loadOrCreateKeyFile(file)).rejects.toMatchObject({ code: 'KEY_FILE_OPEN' });
  });

  test('a file without a key is refused, not overwritten', async () => {
    const file = path.join(dir, 'damaged.key');
    await writeFile(file, 'half a key', { mode: 0o600 });
    await expect(loadOrCreateKeyFile(file)).rejects.toMatchObject({ code: 'KEY_MALFORMED' });
    expect(await readFile(file, 'utf8')).toBe('half a key');
  });
});
