/** @file The evaluation after a training, on a tiny random base, with judges of random weights. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProgressEvent } from '../dreambooth/requests.ts';
import { writeRandomAdapter } from '../testing/random-adapter.ts';
import { writeRandomJudges } from '../testing/random-judges.ts';
import { writeTinyCheckpoint } from '../testing/tiny-checkpoint.ts';
import { chooseBest } from './choose-best.ts';
import { evaluateCandidates } from './evaluate-candidates.ts';
import { openJudge } from './open-judge.ts';
import type { EvaluateCandidatesRequest } from './requests.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-candidates-'));
afterAll(() => rmSync(root, { recursive: true }));
const base = path.join(root, 'base');
const pocketDir = path.join(root, 'judges');
const SAMPLES = ['a zwx cat', 'a zwx cat on the beach'];
let photoFiles: string[];
let classImageFiles: string[];

const drawFlat = async (name: string, background: string): Promise<string> => {
  const file = path.join(root, `${name}.png`);
  await sharp({ create: { width: 64, height: 64, channels: 3, background } })
    .png()
    .toFile(file);
  return file;
};

beforeAll(async () => {
  writeTinyCheckpoint(base, { seed: 3 });
  writeRandomJudges(pocketDir);
  photoFiles = [await drawFlat('photo-1', '#d33'), await drawFlat('photo-2', '#c43')];
  classImageFiles = [await drawFlat('class-1', '#3d3'), await drawFlat('class-2', '#33d')];
});

function requestIn(
  name: string,
  change: Partial<EvaluateCandidatesRequest> = {},
): EvaluateCandidatesRequest {
  return {
    kind: 'evaluate-candidates',
    baseCheckpointDir: base,
    photoFiles,
    classNoun: 'cat',
    identifier: 'zwx',
    candidates: [5, 10].map((step) => ({
      step,
      file: writeRandomAdapter(path.join(root, `step-${step}.safetensors`), base, step, 4),
    })),
    classImageFiles,
    samplePrompts: SAMPLES,
    outputDir: path.join(root, name),
    judges: { pocketDir },
    seed: 3,
    sampling: { sampler: 'ddim', numInferenceSteps: 2, guidanceScale: 2 },
    provider: 'cpu',
    ...change,
  };
}

async function evaluate(request: EvaluateCandidatesRequest) {
  const events: ProgressEvent[] = [];
  const result = await evaluateCandidates(request, {
    signal: new AbortController().signal,
    onProgress: (event) => events.push(event),
    now: () => performance.now(),
  });
  return { result, events };
}

test('scores every candidate by the same prompts and seeds, and chooses from the front', async () => {
  const { result, events } = await evaluate(requestIn('judged'));
  const scores = result.candidates.map((candidate) => candidate.scores!);
  expect(scores).toHaveLength(2);
  for (const { identity, prompt, drift } of scores) {
    expect(Math.abs(identity)).toBeLessThanOrEqual(1);
    expect(prompt * 7).toBeCloseTo(Math.round(prompt * 7), 9);
    expect(Math.abs(drift)).toBeLessThanOrEqual(2);
  }
  expect(scores[0]).not.toEqual(scores[1]);
  expect(result.best).toBe(chooseBest(scores));
  expect(result.judged).toMatchObject({ judge: 'pocket', photoLikeness: expect.any(Number) });

  for (const { sampleFiles } of result.candidates) {
    expect(sampleFiles).toHaveLength(SAMPLES.length);
    for (const file of sampleFiles) expect(existsSync(file)).toBe(true);
  }
  expect(result.classBeforeFiles).toEqual(classImageFiles);
  expect(result.classAfterFiles).toHaveLength(classImageFiles.length);
  // Eight prompts and two pictures of the class, twice.
  expect(events.every(({ stage }) => stage === 'evaluating')).toBe(true);
  expect(events.at(-1)).toMatchObject({ step: 20, totalSteps: 20 });

  const again = await evaluate(requestIn('again'));
  expect(again.result.candidates.map((candidate) => candidate.scores)).toEqual(scores);
});

test('without a judge the last candidate is the best, its samples are drawn, and it is said why', async () => {
  const judges = { pocketDir: path.join(root, 'nowhere') };
  const { result, events } = await evaluate(requestIn('alone', { judges, classImageFiles: [] }));
  expect(result.best).toBe(1);
  expect(result.notJudged).toContain('ENOENT');
  expect(result.judged).toBeUndefined();
  expect(result.candidates.map((candidate) => candidate.scores)).toEqual([undefined, undefined]);
  // Two samples and four pictures of the class each, and the class by the base.
  expect(events.at(-1)).toMatchObject({ step: 16, totalSteps: 16 });
  expect([result.classBeforeFiles.length, result.classAfterFiles.length]).toEqual([4, 4]);
});

test('judges below their floor are not asked', async () => {
  const lazy = writeRandomJudges(path.join(root, 'lazy'), { identity: 0.5 });
  await expect(openJudge({ pocketDir: lazy }, ['cat'])).rejects.toThrow('identity 50.0 %');
});

test('pocket’s judges are asked about pocket’s world only', async () => {
  for (const nouns of [undefined, ['cat', 'mug']])
    await expect(openJudge({ pocketDir }, nouns)).rejects.toThrow('PAPER_JUDGES_DIR is not set');
  const paperDir = path.join(root, 'paper');
  await expect(openJudge({ pocketDir, paperDir }, undefined)).rejects.toThrow('dino');
});
