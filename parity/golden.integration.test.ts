/** @file All four families against the reference checkpoints that lie beside the repository, and the command itself. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { collectRows } from './parity.ts';
import { Reference } from './reference.ts';

const GOLDEN = path.resolve(import.meta.dirname, '../../shared/golden');
const available = existsSync(GOLDEN);
if (!available && process.env.CI === 'true')
  throw new Error(`expected the reference values at ${GOLDEN}`);

describe.skipIf(!available)('reference values in ../shared/golden', () => {
  test.each([
    ['sd1', 729],
    ['sd2', 539],
    ['bk', 401],
    ['sdxl', 659],
  ])('%s pass in every item', async (family, count) => {
    const rows = await collectRows(Reference.open(path.join(GOLDEN, family)), 'cpu');
    expect(rows.filter(({ pass }) => !pass)).toEqual([]);
    expect(rows).toHaveLength(count);
  });
});

describe('the command', () => {
  const parity = (...args: string[]) =>
    promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      path.join(import.meta.dirname, 'run.ts'),
      ...args,
    ]).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  test('prints one JSON line of rows and ends with 0 when all pass', async () => {
    const dir = path.join(import.meta.dirname, 'fixtures', 'sdxl');
    const { code, stdout } = await parity(dir, '--json');
    const result = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(result).toMatchObject({ dir, family: 'sdxl', provider: 'cpu', pass: true });
    expect(result.rows[0]).toMatchObject({ item: 'text/hidden', tolerance: 2e-5, pass: true });
  });

  test('compares some parts only when asked to', async () => {
    const dir = path.join(import.meta.dirname, 'fixtures', 'bk');
    const { code, stdout } = await parity(dir, '--json', '--only', 'schedule,text');
    expect(code).toBe(0);
    expect(JSON.parse(stdout).rows.map(({ item }: { item: string }) => item)).toEqual([
      'text/hidden',
      'schedule/alphas_cumprod',
      'unet/noisy',
      'unet/target',
    ]);
  });

  test.each([
    [['no-such-folder'], 'no-such-folder: expected model_index.json'],
    [[], 'npm run parity -- DIR'],
    [['a', '--provider', 'tpu'], 'npm run parity -- DIR'],
    [['a', '--only', 'unet,controlnet'], 'npm run parity -- DIR'],
  ])('ends with 2 and a reason for %j', async (args, reason) => {
    const { code, stderr } = await parity(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});
