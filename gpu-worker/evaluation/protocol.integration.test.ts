/** @file The protocol in miniature: a tiny random base, the real judges, one subject, one picture a prompt. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLASSES } from '../pocket/world/scene.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { openEvaluatedBase } from './base.ts';
import { judgeClaims } from './claims.ts';
import type { Judge } from './judge.ts';
import { readPictures } from './pictures.ts';
import { openPocketJudge } from './pocket-judge.ts';
import { PROMPTS } from './prompts.ts';
import { type Evaluation, gatherEvaluation, runVariants } from './protocol.ts';
import { writeReport } from './report/html.ts';
import type { Setting } from './run-variant.ts';
import { drawSubjects } from './subjects.ts';
import { chooseVariants, DREAMBOOTH } from './variants.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-evaluation-'));
let judge: Judge;
beforeAll(() => {
  judge = openPocketJudge(path.resolve(import.meta.dirname, '../../models/judges'), { threads: 1 });
  writeTinyCheckpoint(path.join(root, 'base'), { seed: 3, classNouns: CLASSES });
});
afterAll(async () => {
  await judge.close();
  rmSync(root, { recursive: true });
});

const settingOf = (): Setting => ({
  base: openEvaluatedBase(path.join(root, 'base')),
  judge,
  seed: 4,
  picturesAPrompt: 1,
  classPictures: 2,
  outDir: path.join(root, 'out'),
  context: {
    signal: new AbortController().signal,
    onProgress: () => {},
    now: () => performance.now(),
  },
});
const run = async (variants = chooseVariants(['method'], 'full', true)): Promise<Evaluation> => {
  const subjects = await drawSubjects(1, 4, path.join(root, 'out'));
  const results = await runVariants(settingOf(), subjects, variants, () => {});
  return gatherEvaluation(subjects, variants, results);
};

describe('one subject', () => {
  let evaluation: Evaluation;
  beforeAll(async () => {
    evaluation = await run();
  });

  test('is drawn by DreamBooth and its peers, and measured', () => {
    expect(evaluation.variants.map(({ id }) => id)).toEqual([
      'dreambooth',
      'lora',
      'textual-inversion',
      'base',
      'world',
    ]);
    for (const [i, [result]] of evaluation.results.entries()) {
      expect(result!.pictureFiles.flat()).toHaveLength(PROMPTS);
      expect(result!.classPictureFiles).toHaveLength(2);
      if (evaluation.variants[i]!.id === 'world') continue;
      const { scores } = result!;
      // Noise is nobody: it is no copy, and hardly the subject.
      expect(scores.dino).toBeLessThan(scores.ceiling!);
      expect(scores.identity).toBeLessThan(0.5);
      expect(scores.prompt).toBeLessThan(0.5);
    }
    const { classNoun } = evaluation.subjects[0]!;
    const words = evaluation.results.map(([result]) => result!.texts[0]!);
    const [identifier] = words[2]!.replace('a ', '').split(' ');
    expect(words[0]).toBe(`a ${identifier} ${classNoun} in the jungle`);
    expect(words[2]).toBe(`a ${identifier} in the jungle`);
    expect(words[3]).not.toContain(identifier);
  });

  test('is found in what the world draws of it, with all that was asked for', () => {
    const { scores } = evaluation.results.at(-1)![0]!;
    expect(scores.identity).toBeGreaterThan(0.8);
    expect(scores.prompt).toBeGreaterThan(0.9);
    expect(scores.taken).toBe(0);
    expect(evaluation.summaries.at(-1)!.copies).toBe(false);
  });

  test('is not taught again: pictures and figures stay as they are', async () => {
    const picture = evaluation.results[0]![0]!.pictureFiles[0]![0]!;
    const before = statSync(picture).mtimeMs;
    const again = await run([DREAMBOOTH]);
    expect(again.results[0]![0]!.scores).toEqual(evaluation.results[0]![0]!.scores);
    expect(statSync(picture).mtimeMs).toBe(before);
  });

  test('has a report that names every picture it shows', async () => {
    const dir = path.join(root, 'report');
    const claims = judgeClaims(evaluation);
    expect(claims.map(({ decides }) => decides)).toContain(true);
    const file = await writeReport(
      dir,
      { title: 'A & B', facts: { seed: '4' } },
      evaluation,
      claims,
    );
    const html = readFileSync(file, 'utf8');
    expect(html).toContain('<h1>A &amp; B</h1>');
    expect(html).not.toMatch(/NaN|undefined/);
    const shown = new Set([...html.matchAll(/url\(([^)]+)\)/g)].map(([, name]) => name!));
    const sheets = readdirSync(dir).filter((name) => name.endsWith('.webp'));
    expect([...shown].sort()).toEqual(sheets.sort());
  });
});

test('its own photos are the subject, and they are not a stranger’s', async () => {
  const [subject] = await drawSubjects(1, 4, path.join(root, 'photos'));
  const [first, ...others] = await judge.see(await readPictures(subject!.photoFiles));
  expect(others).toHaveLength(4);
  expect(first!.reading!.class).toBe(subject!.classNoun);
  expect(first!.reading!.firstColour).toBe(subject!.drawn!.primary);
});
