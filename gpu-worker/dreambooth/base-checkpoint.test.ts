import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { readBaseFacts } from './base-checkpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-base-'));
afterAll(() => rmSync(root, { recursive: true }));
const base = writeTinyCheckpoint(path.join(root, 'base'), { seed: 1 });

/** A copy of the base with fields of a JSON file changed. */
function changed(name: string, file: string, change: object): string {
  const dir = path.join(root, name);
  cpSync(base, dir, { recursive: true });
  const json = JSON.parse(readFileSync(path.join(dir, file), 'utf8'));
  writeFileSync(path.join(dir, file), JSON.stringify({ ...json, ...change }));
  return dir;
}

test('a base is refused at the start by the tensor that its files do not have as its config says', () => {
  expect(readBaseFacts(base).hash).toMatch(/^[0-9a-f]{16}$/);
  const dir = changed('deeper', 'text_encoder/config.json', { num_hidden_layers: 2 });
  expect(() => readBaseFacts(dir)).toThrow(
    expect.objectContaining({
      code: 'BASE_MISSING',
      message: expect.stringMatching(
        /no tensor text_encoder\.text_model\.encoder\.layers\.1\.layer_norm1\.weight, expected \[16\]/,
      ),
    }),
  );
});

test('a base is refused at the start by the model type that nobody builds here', () => {
  const dir = changed('other', 'unet/config.json', { time_cond_proj_dim: 256 });
  expect(() => readBaseFacts(dir)).toThrow(
    expect.objectContaining({
      code: 'BASE_MISSING',
      message: expect.stringMatching(
        /256 is not supported, expected null[\s\S]*time_cond_proj_dim/,
      ),
    }),
  );
});

test('a base whose schedule does not go with its recommended sampler is refused at the start', () => {
  const file = 'scheduler/scheduler_config.json';
  const dir = changed('sampler', file, { algorithm_type: 'sde-dpmsolver++' });
  expect(() => readBaseFacts(dir)).not.toThrow();
  const recommended = path.join(dir, 'recommended.json');
  const json = JSON.parse(readFileSync(recommended, 'utf8'));
  const sampling = { ...json.sampling, sampler: 'dpmpp_2m' };
  writeFileSync(recommended, JSON.stringify({ ...json, sampling }));
  expect(() => readBaseFacts(dir)).toThrow(
    expect.objectContaining({
      code: 'SETTINGS_UNSUPPORTED',
      message: expect.stringContaining('sde-dpmsolver++'),
    }),
  );
});
