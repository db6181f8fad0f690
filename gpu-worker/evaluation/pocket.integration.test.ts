/** @file Pocket itself, by its judges: a slice of what `npm run evaluate` measures, with fixed seeds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openEvaluatedBase, renderPictures } from './base.ts';
import { askedScenes, scoreBase } from './base-accuracy.ts';
import { readPictures } from './pictures.ts';
import { openPocketJudge } from './pocket-judge.ts';
import { runVariants } from './protocol.ts';
import { drawSubjects } from './subjects.ts';
import { DREAMBOOTH, type Variant } from './variants.ts';

const models = path.resolve(import.meta.dirname, '../../models');
const root = mkdtempSync(path.join(tmpdir(), 'rendition-pocket-'));
const base = openEvaluatedBase(path.join(models, 'pocket'));
const judge = openPocketJudge(path.join(models, 'judges'));
const context = {
  signal: new AbortController().signal,
  onProgress: () => {},
  now: () => performance.now(),
};
afterAll(async () => {
  await judge.close();
  rmSync(root, { recursive: true });
});

test('draws classes, places and colours that a caption names', async () => {
  const scenes = askedScenes(40, 11);
  const prompts = scenes.map(({ caption }) => caption);
  const files = await renderPictures(base, { prompts, firstSeed: 0, dir: root }, context);
  const seen = await judge.see(await readPictures(files));
  const { all } = scoreBase(
    scenes,
    seen.map(({ reading }) => reading!),
    { world: Number.NaN },
  );
  expect(all.class!.share).toBeGreaterThan(0.85);
  expect(all.context!.share).toBeGreaterThan(0.85);
  expect(all.firstColour!.share).toBeGreaterThan(0.65);
});

test('learns a subject in a third of its steps, follows prompts, and keeps the class', async () => {
  const variants: readonly Variant[] = [
    {
      ...DREAMBOOTH,
      settings: ({ maxTrainSteps }) => ({
        maxTrainSteps: Math.round(maxTrainSteps / 3),
        numClassImages: 16,
      }),
    },
  ];
  const setting = { base, judge, seed: 5, picturesAPrompt: 1, classPictures: 8, outDir: root };
  const subjects = await drawSubjects(1, 5, root);
  const results = await runVariants({ ...setting, context }, subjects, variants, () => {});
  const { identity, prompt, taken } = results[0]![0]!.scores;
  // By chance one in fifty.
  expect(identity).toBeGreaterThan(0.25);
  expect(prompt).toBeGreaterThan(0.75);
  expect(taken).toBeLessThan(0.2);
});
