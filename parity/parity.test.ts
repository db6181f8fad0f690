/** @file The small reference checkpoints of this folder pass, and what is wrong or unknown fails. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
  type TensorData,
  writeSafetensors,
} from '#worker/diffusion/weights/safetensors.ts';
import { absoluteRow, eachRelativeRow, type Row, relativeRow } from './compare.ts';
import { collectRows } from './parity.ts';
import { NotAReferenceError, Reference } from './reference.ts';
import { formatRow, summarize } from './table.ts';

const FIXTURES = path.join(import.meta.dirname, 'fixtures');
const scratch = mkdtempSync(path.join(tmpdir(), 'parity-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const compare = (dir: string): Promise<Row[]> => collectRows(Reference.open(dir), 'cpu');
const failures = (rows: readonly Row[]): Row[] => rows.filter(({ pass }) => !pass);

/** A copy of a fixture whose reference holds only some tensors, some of them changed. */
function tamper(
  fixture: string,
  keep: RegExp,
  change: (tensor: TensorData) => TensorData = (tensor) => tensor,
): string {
  const dir = mkdtempSync(path.join(scratch, 'copy-'));
  cpSync(path.join(FIXTURES, fixture), dir, { recursive: true });
  const file = path.join(dir, 'reference.safetensors');
  const tensors = [...readSafetensorsHeader(file).entries.values()].map((entry): TensorData => {
    const { name, shape } = entry;
    return entry.dtype === 'I32'
      ? { name, shape, dtype: 'I32', data: readTensorInt32(entry) }
      : { name, shape, dtype: 'F32', data: readTensorFloat32(entry) };
  });
  writeSafetensors(
    file,
    tensors.filter(({ name }) => keep.test(name)).map((tensor) => change(tensor)),
  );
  return dir;
}

describe('the small reference checkpoints', () => {
  test.each([
    ['bk', 47],
    ['sdxl', 42],
  ])('%s pass in every item', async (fixture, count) => {
    const rows = await compare(path.join(FIXTURES, fixture));
    expect(failures(rows)).toEqual([]);
    expect(rows).toHaveLength(count);
    expect(summarize(rows)).toMatch(`${rows.length} of ${rows.length} items pass; nearest`);
  });
});

describe('an item fails', () => {
  const FORWARD = /^(ids|text|unet|vae)/;

  test('when one element of it is off, and no other item does', async () => {
    const dir = tamper('sdxl', FORWARD, (tensor) =>
      tensor.name === 'vae/decoded'
        ? { ...tensor, data: (tensor.data as Float32Array).map((x, i) => (i === 5 ? x + 1e-3 : x)) }
        : tensor,
    );
    const items = failures(await compare(dir)).map(({ item }) => item);
    expect(items).toEqual(['vae/decoded']);
  });

  test('when it is of a sampler that nobody knows, or of no known kind', async () => {
    const dir = tamper('bk', /^(text|ids|sample\/pndm)/, (tensor) => ({
      ...tensor,
      name: tensor.name.replace('/pndm/', '/heun/').replace(/^ids$/, 'controlnet/ids'),
    }));
    expect(failures(await compare(dir)).map(({ item, reason }) => [item, reason])).toEqual([
      ['sample/heun/latents', 'there is no sampler heun'],
      ['text/hidden', 'no check compares this tensor'],
      ['controlnet/ids', 'no check compares this tensor'],
    ]);
  });

  test('when tensors that it needs are missing', async () => {
    const dir = tamper('bk', /^(unet\/(noisy|prediction|timesteps))/);
    const [row] = failures(await compare(dir));
    expect(row).toMatchObject({ item: 'unet', reason: 'the reference has no tensor text/hidden' });
    expect(formatRow(row!)).toMatch(/NO: the reference has no tensor text\/hidden$/);
  });

  test('when it is not a number', () => {
    const pair = [[1, Number.NaN], Float32Array.of(1, 1)] as const;
    expect(relativeRow('x', [pair], 1).pass).toBe(false);
    expect(absoluteRow('x', [pair], 1).pass).toBe(false);
    expect(eachRelativeRow('x', pair, 1).pass).toBe(false);
  });

  test('when it has another size', () => {
    expect(() => relativeRow('x', [[[1], [1, 2]]], 1)).toThrow(
      '1 elements were computed, the reference has 2',
    );
  });
});

test('rows tell the relative and the largest absolute error', () => {
  expect(
    relativeRow(
      'x',
      [
        [
          [3, 4.5],
          [3, 4],
        ],
      ],
      0.2,
    ),
  ).toMatchObject({
    relativeL2: 0.1,
    maxAbs: 0.5,
    pass: true,
  });
  expect(
    eachRelativeRow(
      'x',
      [
        [100, 1.5],
        [100, 1],
      ],
      0.4,
    ),
  ).toMatchObject({
    relativeL2: 0.5,
    pass: false,
  });
  expect(absoluteRow('x', [[[0], [0]]], 0)).toMatchObject({ relativeL2: 0, pass: true });
});

describe('what is not a reference checkpoint', () => {
  test('is told what it lacks', () => {
    expect(() => Reference.open(scratch)).toThrow(NotAReferenceError);
    expect(() => Reference.open(scratch)).toThrow('expected model_index.json');
  });

  test('is told what is damaged', () => {
    const dir = tamper('bk', /./);
    rmSync(path.join(dir, 'unet', 'config.json'));
    expect(() => Reference.open(dir)).toThrow(/unet\/config\.json: expected this file/);
    cpSync(path.join(dir, 'model_index.json'), path.join(dir, 'reference.json'));
    expect(() => Reference.open(dir)).toThrow(/reference\.json: .*\n.*prior_loss_weight/);
  });
});
