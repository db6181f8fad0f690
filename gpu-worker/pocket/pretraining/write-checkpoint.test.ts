/** @file What the committed pocket says of itself is what the writer writes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeCheckpointFrame } from './write-checkpoint.ts';

const pocket = path.resolve(import.meta.dirname, '../../../models/pocket');
const written = mkdtempSync(path.join(tmpdir(), 'rendition-frame-'));
beforeAll(() => {
  const scheduler = readFileSync(path.join(pocket, 'scheduler/scheduler_config.json'), 'utf8');
  writeCheckpointFrame(written, JSON.parse(scheduler));
});
afterAll(() => rmSync(written, { recursive: true }));

test.each([
  'model_index.json',
  'recommended.json',
  'class_nouns.json',
  'pocket.json',
  'scheduler/scheduler_config.json',
  'tokenizer/vocab.json',
  'tokenizer/merges.txt',
])('%s is the same file', (name) => {
  const read = (dir: string) => readFileSync(path.join(dir, name), 'utf8');
  expect(read(pocket)).toBe(read(written));
});
