import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { writeRandomAdapter } from '../testing/random-adapter.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { BaseKeeper } from './loaded-base.ts';
import { renderPrompt } from './render.ts';
import type { RenderPromptRequest } from './requests.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-loaded-'));
const base = writeTinyCheckpoint(path.join(root, 'base'), { seed: 3 });
const subjects = [1, 2].map((seed) =>
  writeRandomAdapter(path.join(root, `${seed}.safetensors`), base, seed, 2),
);
const keeper = new BaseKeeper();
afterAll(async () => {
  await keeper.close();
  rmSync(root, { recursive: true });
});

const context = {
  signal: new AbortController().signal,
  onProgress: () => {},
  now: () => performance.now(),
};

async function render(change: Partial<RenderPromptRequest>, kept?: BaseKeeper): Promise<Buffer> {
  const request: RenderPromptRequest = {
    kind: 'render-prompt',
    baseCheckpointDir: base,
    prompt: 'a cat',
    seed: 1,
    count: 1,
    outputDir: path.join(root, 'pictures'),
    sampling: { sampler: 'ddim', numInferenceSteps: 2, guidanceScale: 3 },
    provider: 'cpu',
    ...change,
  };
  const { pictureFiles } = await renderPrompt(request, context, kept);
  return readFileSync(pictureFiles[0]!);
}

test('another subject is drawn by the same sessions, as if there had been none before', async () => {
  const [one, other] = subjects.map((artifactFile) => ({ artifactFile }));
  const first = await render(one!, keeper);
  const { sessions } = await keeper.open(base, 'cpu');
  const open = sessions.keys;
  expect(open).toHaveLength(3);
  const second = await render(other!, keeper);
  expect(new Set(sessions.keys)).toEqual(new Set(open));
  expect(second.equals(await render(other!))).toBe(true);
  expect(second.equals(first)).toBe(false);
  expect((await render(one!, keeper)).equals(first)).toBe(true);
  await render({}, keeper);
  // The base without an adapter shares the decoder.
  expect(sessions.keys).toHaveLength(5);
});

test('a base whose folder has changed is opened again', async () => {
  const before = await keeper.open(base, 'cpu');
  expect(await keeper.open(base, 'cpu')).toBe(before);
  const file = path.join(base, 'scheduler', 'scheduler_config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, prediction_type: 'epsilon' }));
  const after = await keeper.open(base, 'cpu');
  expect(after.checkpoint.scheduler.prediction_type).toBe('epsilon');
  expect(before.sessions.keys).toEqual([]);
});

test('a folder that is no base is refused, and keeps nothing', async () => {
  const missing = path.join(root, 'nowhere');
  await expect(keeper.open(missing, 'cpu')).rejects.toMatchObject({ code: 'BASE_MISSING' });
});
