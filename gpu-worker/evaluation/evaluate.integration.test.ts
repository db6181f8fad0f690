/** @file `npm run evaluate` as it is called: two subjects in two processes, and the last line of what it prints. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLASSES } from '../pocket/world/scene.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-evaluate-'));
const base = path.join(root, 'base');
beforeAll(() => writeTinyCheckpoint(base, { seed: 3, classNouns: CLASSES }));
afterAll(() => rmSync(root, { recursive: true }));

/** @returns exit code, and what was printed */
async function evaluate(...args: readonly string[]) {
  const script = path.resolve(import.meta.dirname, 'evaluate.ts');
  const options = ['--base', base, '--out', path.join(root, 'out'), '--pictures', '1'];
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', script, ...options, '--class-pictures', '2', ...args],
      { cwd: path.resolve(import.meta.dirname, '../..') },
    );
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test('two processes find what one finds', async () => {
  const two = await evaluate('--subjects', '2', '--json', '--processes', '2');
  expect(two.code).toBe(1);
  const [line, ...others] = two.stdout.trim().split('\n').reverse();
  expect(others).toEqual([]);
  const found = JSON.parse(line!);
  expect(found).toMatchObject({ subjects: '2', passed: false });
  expect(found.variants.world.identity.mean).toBeGreaterThan(0.8);
  expect(found.variants.dreambooth.prompt.mean).toBeLessThan(0.5);

  rmSync(path.join(root, 'out'), { recursive: true });
  const one = await evaluate('--subjects', '2', '--json', '--processes', '1');
  expect(JSON.parse(one.stdout)).toEqual(found);
});

test('what cannot be measured ends with 2 and a reason', async () => {
  const { code, stderr } = await evaluate('--subjects', '2', '--part', '3/2');
  expect(code).toBe(2);
  expect(stderr).toContain('--part 3/2: expected K/N');
});
