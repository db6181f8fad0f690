/** @file The command times training on WebGPU; how fast it is, is for a real graphics card to say. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { whyNoWebgpu } from '#worker/testing/webgpu.ts';

const reason = await whyNoWebgpu();
beforeEach(({ skip }) => skip(reason !== undefined, reason));

test.each(['full', 'lora'])('train --method %s ends with one JSON line', async (method) => {
  const checkpoint = path.join(import.meta.dirname, '..', 'parity', 'fixtures', 'bk');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    path.join(import.meta.dirname, 'run.ts'),
    'train',
    ...['--provider', 'webgpu', '--checkpoint', checkpoint, '--method', method],
    ...['--batch', '2', '--steps', '1', '--json'],
  ]);
  expect(JSON.parse(stdout)).toEqual({
    medianMs: expect.any(Number),
    bestMs: expect.any(Number),
    peakRssMb: expect.any(Number),
    createMs: expect.any(Number),
    nodes: expect.any(Number),
  });
});
