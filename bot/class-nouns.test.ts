import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkClassNoun, readClassNouns } from './class-nouns.ts';
import { follow } from './follow.ts';

/** Whole at once, as a download puts it there. */
async function writeNouns(dir: string, text: string): Promise<string> {
  const file = path.join(dir, 'class_nouns.json.part');
  await writeFile(file, text);
  return file;
}

const pocket = ['blob', 'boat', 'bird', 'car', 'cat', 'dog', 'house', 'mug'];

describe('a class noun', () => {
  test.each([
    ['Dog', 'dog'],
    ['  coffee   MUG ', 'coffee mug'],
    ["children's toy car", "children's toy car"],
    ['Gießkanne', 'gießkanne'],
    ['犬', '犬'],
  ])('%j is taken as %j where any noun goes', (typed, classNoun) => {
    expect(checkClassNoun(typed, null)).toEqual({ kind: 'known', classNoun });
  });

  test.each([
    '',
    ' ',
    'my very own dog',
    'dog!',
    '<@1>',
    '[V]',
    'd0g',
    'x'.repeat(41),
    'dog\u0000',
  ])('%j is no noun', (typed) => {
    expect(checkClassNoun(typed, null)).toEqual({ kind: 'malformed' });
  });

  test('that the base does not know comes with the nearest five', () => {
    expect(checkClassNoun('doggo', pocket)).toEqual({
      kind: 'unknown',
      nearest: ['dog', 'boat', 'house', 'mug', 'bird'],
    });
    expect(checkClassNoun('Cat', pocket)).toEqual({ kind: 'known', classNoun: 'cat' });
  });
});

describe("a base's list", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'class-nouns-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is found in a base that is downloaded after the start', async () => {
    const base = path.join(folder, 'late');
    const errors: unknown[] = [];
    const followed = await follow(
      () => readClassNouns(base),
      (error) => errors.push(error),
      5,
    );
    try {
      expect(followed.current).toBeNull();
      await mkdir(base);
      await rename(await writeNouns(base, '["cat"]'), path.join(base, 'class_nouns.json'));
      await expect.poll(() => followed.current, { timeout: 10_000 }).toEqual(['cat']);
      await rename(await writeNouns(base, 'damaged'), path.join(base, 'class_nouns.json'));
      await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
      expect(followed.current).toEqual(['cat']);
    } finally {
      followed.stop();
    }
  });

  test('is absent where the folder has none, or there is no folder', async () => {
    expect(await readClassNouns(folder)).toBeNull();
    expect(await readClassNouns('some/hub-id')).toBeNull();
    expect(await readClassNouns(undefined)).toBeNull();
  });

  test('is read from class_nouns.json, which must be a list', async () => {
    await writeFile(path.join(folder, 'class_nouns.json'), JSON.stringify(pocket));
    expect(await readClassNouns(folder)).toEqual(pocket);
    await writeFile(path.join(folder, 'class_nouns.json'), '{"dog": 1}');
    await expect(readClassNouns(folder)).rejects.toThrow('expected a JSON array of nouns');
  });
});
