/** @file The paper's judges from a hub of our own: once, whole, and with LPIPS where it lies beside them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HubServer, startHubServer } from '../hub/testing/hub-server.ts';
import { ensurePaperFiles } from './paper-files.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'rendition-paper-files-'));
let hub: HubServer;
beforeAll(async () => {
  hub = await startHubServer();
});
afterAll(async () => {
  await hub.close();
  rmSync(dir, { recursive: true });
});

const patience = { signal: new AbortController().signal, retryDelayMs: 1 };
const bring = (onBytes: (file: string, share: number) => void = () => {}) =>
  ensurePaperFiles(dir, { endpoint: hub.endpoint }, patience, onBytes);

test('a file that the repository lacks is named', async () => {
  hub.commit('Xenova/dino-vits16', 'main', { 'onnx/model.onnx': Buffer.from('dino') });
  hub.commit('Xenova/clip-vit-base-patch32', 'main', { 'vocab.json': Buffer.from('{}') });
  await expect(bring()).rejects.toThrow(
    'Xenova/clip-vit-base-patch32: expected onnx/vision_model.onnx',
  );
});

test('files are brought once, and only what is missing', async () => {
  hub.commit('Xenova/clip-vit-base-patch32', 'main', {
    'onnx/vision_model.onnx': Buffer.from('vision'),
    'onnx/text_model.onnx': Buffer.from('text'),
    'vocab.json': Buffer.from('{}'),
    'merges.txt': Buffer.from('#version: 0.2\n'),
  });
  const heard = new Map<string, number>();
  const files = await bring((file, share) => heard.set(file, share));
  expect(readFileSync(files.clipText, 'utf8')).toBe('text');
  expect(readFileSync(path.join(files.clipTokenizer, 'vocab.json'), 'utf8')).toBe('{}');
  expect(files.lpips).toBeUndefined();
  expect(heard.get('Xenova/clip-vit-base-patch32/onnx/vision_model.onnx')).toBe(1);
  expect(heard.has('Xenova/dino-vits16/onnx/model.onnx')).toBe(false);

  writeFileSync(path.join(dir, 'lpips-alex.onnx'), 'lpips');
  hub.requests.length = 0;
  expect((await bring()).lpips).toBe(path.join(dir, 'lpips-alex.onnx'));
  expect(hub.requests).toEqual([]);
});
