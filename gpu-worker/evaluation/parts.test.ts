/** @file An evaluation's parts: who is in which, and what becomes of processes that do one each. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EvaluationError } from './evaluation-error.ts';
import { isInPart, joinParts, parsePart, runParts } from './parts.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-parts-'));
afterAll(() => rmSync(root, { recursive: true }));

function script(name: string, body: string): string {
  const file = path.join(root, name);
  writeFileSync(file, body);
  return file;
}

test('every subject is in one part', () => {
  const parts = ['1/3', '2/3', '3/3'].map(parsePart);
  for (let index = 0; index < 10; index++)
    expect(parts.filter((part) => isInPart(part, index))).toHaveLength(1);
});

test.each([1, 2, 3, 4, 5])('five subjects in %i parts are joined in their order', (count) => {
  const subjects = ['cat', 'dog', 'fish', 'car', 'boot'];
  const parts = Array.from({ length: count }, (_, i) =>
    subjects.filter((_, index) => isInPart({ number: i + 1, of: count }, index)),
  );
  expect(joinParts(parts)).toEqual(subjects);
});

test.each(['0/2', '3/2', '1', '1/0', '-1/2', 'a/b'])('%s is no part', (text) => {
  expect(() => parsePart(text)).toThrow(EvaluationError);
});

describe('several processes', () => {
  test('get the arguments and a part each, and say how far they are and what came out', async () => {
    const file = script(
      'part.mjs',
      `import { writeFileSync } from 'node:fs';
       const [dir, ...rest] = process.argv.slice(2);
       process.send({ share: 0.5 });
       writeFileSync(dir + '/' + rest.at(-1).replace('/', '-of-'), rest.join(' '));
       process.send({ result: { part: rest.at(-1) } });
       process.channel.unref();
       process.exitCode = 1;`,
    );
    const shares: number[] = [];
    const results = await runParts(file, [root, '--seed', '4'], 2, (share) => shares.push(share));
    expect(results).toEqual([{ part: '1/2' }, { part: '2/2' }]);
    expect(shares).toEqual([0.25, 0.5]);
    expect(readFileSync(path.join(root, '1-of-2'), 'utf8')).toBe('--seed 4 --part 1/2');
    expect(readFileSync(path.join(root, '2-of-2'), 'utf8')).toBe('--seed 4 --part 2/2');
  });

  test('end with the first that fails, and with what it said', async () => {
    const file = script(
      'fails.mjs',
      `if (process.argv.at(-1) === '2/2') {
         console.error('the base is missing');
         process.exitCode = 2;
         process.channel.unref();
       } else setInterval(() => {}, 1000);`,
    );
    await expect(runParts(file, [], 2, () => {})).rejects.toThrow('the base is missing');
  });

  test('that say nothing are told from those that are done', async () => {
    const file = script(
      'silent.mjs',
      `if (process.argv.at(-1) === '1/2') process.send({ result: 1 });
       process.channel.unref();`,
    );
    await expect(runParts(file, [], 2, () => {})).rejects.toThrow('part 2 ended without a result');
  });
});
