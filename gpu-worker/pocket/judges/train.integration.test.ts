/** @file The judges' whole training in miniature: stopped, gone on with, read back, measured. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readSafetensorsHeader } from '../../diffusion/weights/safetensors.ts';
import { CLASSES } from '../world/scene.ts';
import { judgeScene } from '../world/seeds.ts';
import { lookAtScenes } from './floor.ts';
import { PocketJudges, WEIGHTS_FILE } from './judge.ts';
import { type JudgeTrainingOptions, trainJudges } from './train.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-judges-'));
afterAll(() => rmSync(root, { recursive: true }));

const optionsFor = (name: string, steps: number): JudgeTrainingOptions => ({
  stateDir: path.join(root, name, 'state'),
  outDir: path.join(root, name, 'out'),
  baseDir: path.resolve(import.meta.dirname, '../../../models/pocket'),
  subjects: 2 * 3 * CLASSES.length,
  steps,
  floorPictures: 20,
  floorClasses: ['cat'],
  seed: 1,
  threads: 1,
  now: () => performance.now(),
  onProgress: () => {},
});
const weightsOf = ({ outDir }: JudgeTrainingOptions) =>
  readFileSync(path.join(outDir, WEIGHTS_FILE));

test('goes on where it stopped, and what it writes can judge', async () => {
  const options = optionsFor('run', 3);
  const floor = await trainJudges(options);
  expect(floor.pictures).toBe(20);
  expect(Object.keys(floor.attributes)).toContain('accessory');
  const first = weightsOf(options);
  const { entries } = readSafetensorsHeader(path.join(options.outDir, WEIGHTS_FILE));
  expect([...entries.keys()].some((name) => name.startsWith('looks.'))).toBe(false);

  // Nothing left to do: weights and floor stay as they are.
  expect(await trainJudges(options)).toEqual(floor);
  expect(weightsOf(options).equals(first)).toBe(true);

  const judges = new PocketJudges(options.outDir, { threads: 1 });
  const [one, same, other] = await lookAtScenes(judges, [
    judgeScene(1, { className: 'cat' }),
    judgeScene(1, { className: 'cat' }),
    judgeScene(2, { className: 'car' }),
  ]);
  expect(one!.identity).toEqual(same!.identity);
  expect(other!.identity).not.toEqual(one!.identity);
  const squares = one!.identity.reduce((sum, x) => sum + x * x, 0);
  expect(squares).toBeCloseTo(1, 3);
  const [text, longer] = await judges.read(['a cat', 'a car on the beach']);
  expect(text).toHaveLength(one!.semantic.length);
  expect(longer).not.toEqual(text);
  await judges.close();
});
