import { randomBytes } from 'node:crypto';
import {
  copyFile,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHUNK_BYTES, HEADER_BYTES, SEALED_CHUNK_BYTES } from './encrypted-file.ts';
import { createDataKey, generateMasterKey, parseMasterKey, unwrapDataKey } from './keys.ts';
import { openStore, type Store } from './store.ts';

const keys = parseMasterKey(generateMasterKey());
const wrapped = createDataKey(keys);
let root: string;
let dir: string;
let store: Store;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'rendition-store-'));
  dir = path.join(root, 'files');
  store = await openStore({ dir, keys });
});
afterAll(async () => await rm(root, { recursive: true }));

const pathOf = (fileId: string): string => path.join(dir, fileId.slice(0, 2), fileId);
const put = (bytes: Uint8Array): Promise<string> => store.put(bytes, { ownerDataKey: wrapped });

test.each([0, 1, 1000, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES + 7])(
  '%i bytes come back as they were, from memory and from a file',
  async (sizeBytes) => {
    const bytes = randomBytes(sizeBytes);
    const source = path.join(root, 'source');
    const target = path.join(root, 'target');
    await writeFile(source, bytes);
    for (const fileId of [
      await put(bytes),
      await store.putFile(source, { ownerDataKey: wrapped.wrapped }),
    ]) {
      expect((await store.get(fileId, unwrapDataKey(keys, wrapped))).equals(bytes)).toBe(true);
      await store.getToFile(fileId, wrapped, target);
      expect((await readFile(target)).equals(bytes)).toBe(true);
      expect((await stat(target)).mode & 0o777).toBe(0o600);
      await rm(target);
    }
  },
);

test('the folder holds no plain byte run, only its owner can read it, and no draft is left', async () => {
  const fileId = await put(Buffer.from('a photo of somebody'.repeat(100)));
  const stored = await readFile(pathOf(fileId));
  expect(stored.includes('a photo of')).toBe(false);
  expect(stored.subarray(0, 4).toString()).toBe('RNDF');
  expect((await stat(pathOf(fileId))).mode & 0o777).toBe(0o600);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect(await readdir(path.join(dir, 'incoming'))).toEqual([]);
});

test('the same bytes are stored differently each time', async () => {
  const bytes = Buffer.alloc(64);
  const [one, two] = await Promise.all([put(bytes), put(bytes)]);
  const tails = await Promise.all(
    [one, two].map(async (id) => (await readFile(pathOf(id))).toString('hex', HEADER_BYTES)),
  );
  expect(tails[0]).not.toBe(tails[1]);
});

test("another user's key is refused by its id", async () => {
  const fileId = await put(Buffer.from('mine'));
  await expect(store.get(fileId, createDataKey(keys))).rejects.toMatchObject({
    code: 'FILE_WRONG_KEY',
  });
  const forged = { ...unwrapDataKey(keys, createDataKey(keys)), keyId: wrapped.keyId };
  await expect(store.get(fileId, forged)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
});

test('every altered byte is noticed', async () => {
  const fileId = await put(Buffer.from('short'));
  const stored = await readFile(pathOf(fileId));
  for (let at = 0; at < stored.length; at++) {
    const altered = Buffer.from(stored);
    altered[at] = altered[at]! ^ 1;
    await writeFile(pathOf(fileId), altered);
    await expect(store.get(fileId, wrapped)).rejects.toMatchObject({
      code: expect.stringMatching(/^FILE_(DAMAGED|WRONG_KEY)$/),
    });
  }
});

test.each([
  ['to nothing', 0],
  ['inside the header', 30],
  ['to the header', HEADER_BYTES],
  ['at a chunk border', HEADER_BYTES + SEALED_CHUNK_BYTES],
  ['inside a chunk', HEADER_BYTES + SEALED_CHUNK_BYTES + 100],
  ['by one byte', HEADER_BYTES + 2 * SEALED_CHUNK_BYTES - 1],
])('a file cut %s is noticed, and leaves no target file', async (_, length) => {
  const fileId = await put(Buffer.alloc(2 * CHUNK_BYTES));
  await truncate(pathOf(fileId), length);
  await expect(store.get(fileId, wrapped)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
  const targets = path.join(root, 'cut', 'target');
  await expect(store.getToFile(fileId, wrapped, targets)).rejects.toThrow();
  const target = path.join(root, 'cut-target');
  await expect(store.getToFile(fileId, wrapped, target)).rejects.toMatchObject({
    code: 'FILE_DAMAGED',
  });
  expect((await readdir(root)).filter((name) => name.startsWith('cut'))).toEqual([]);
});

test('swapped chunks, and a file under another id, are noticed', async () => {
  const fileId = await put(
    Buffer.concat([Buffer.alloc(CHUNK_BYTES, 1), Buffer.alloc(CHUNK_BYTES, 2), Buffer.of(3)]),
  );
  const stored = await readFile(pathOf(fileId));
  const chunk = (index: number): Buffer =>
    stored.subarray(
      HEADER_BYTES + index * SEALED_CHUNK_BYTES,
      HEADER_BYTES + (index + 1) * SEALED_CHUNK_BYTES,
    );
  await writeFile(
    pathOf(fileId),
    Buffer.concat([stored.subarray(0, HEADER_BYTES), chunk(1), chunk(0), chunk(2)]),
  );
  await expect(store.get(fileId, wrapped)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });

  const [one, two] = await Promise.all([put(Buffer.from('one')), put(Buffer.from('two'))]);
  await copyFile(pathOf(one), pathOf(two));
  await expect(store.get(two, wrapped)).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
});

test('a deleted file is gone; deleting again is no error', async () => {
  const fileId = await put(Buffer.from('x'));
  await store.delete(fileId);
  await store.delete(fileId);
  await expect(store.get(fileId, wrapped)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
});

describe('ids', () => {
  test.each([
    '../../etc/passwd',
    '..',
    '',
    'incoming',
    'A0000000-0000-4000-8000-000000000000',
    'a0000000-0000-4000-8000-000000000000/x',
    'a0000000-0000-4000-8000-00000000000',
  ])('%j is no file id', async (fileId) => {
    const refusal = { code: 'FILE_ID_INVALID' };
    await expect(store.get(fileId, wrapped)).rejects.toMatchObject(refusal);
    await expect(store.delete(fileId)).rejects.toMatchObject(refusal);
    await expect(store.getToFile(fileId, wrapped, path.join(root, 'x'))).rejects.toMatchObject(
      refusal,
    );
  });
});

test('a failed write leaves nothing behind', async () => {
  await expect(
    store.putFile(path.join(root, 'not-there'), { ownerDataKey: wrapped }),
  ).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(store.putFile(root, { ownerDataKey: wrapped })).rejects.toMatchObject({
    code: 'EISDIR',
  });
  expect(await readdir(path.join(dir, 'incoming'))).toEqual([]);
});

test('opening the store clears drafts a day old, and leaves younger ones to their writers', async () => {
  const [old, young] = ['old.part', 'young.part'].map((name) => path.join(dir, 'incoming', name));
  for (const draft of [old!, young!]) await (await open(draft, 'w')).close();
  const twoDaysAgo = new Date(Date.now() - 48 * 3600 * 1000);
  await utimes(old!, twoDaysAgo, twoDaysAgo);
  await openStore({ dir, keys });
  expect(await readdir(path.join(dir, 'incoming'))).toEqual(['young.part']);
  await rm(young!);
});
