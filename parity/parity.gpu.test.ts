/** @file The small reference checkpoints on WebGPU. */
import path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { whyNoWebgpu } from '#worker/testing/webgpu.ts';
import { collectRows } from './parity.ts';
import { Reference } from './reference.ts';

const reason = await whyNoWebgpu();
beforeEach(({ skip }) => skip(reason !== undefined, reason));

test.each(['bk', 'sdxl'])('%s pass in every item', async (fixture) => {
  const dir = path.join(import.meta.dirname, 'fixtures', fixture);
  const rows = await collectRows(Reference.open(dir), 'webgpu');
  expect(rows.filter(({ pass }) => !pass)).toEqual([]);
  expect(rows.length).toBeGreaterThan(40);
});
