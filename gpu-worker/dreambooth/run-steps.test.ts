/** @file Kills, schedules and divergence, on a training of a few numbers. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { TEXT_ENCODER, UNET } from '../diffusion/training/denoising-loss.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  writeSafetensors,
} from '../diffusion/weights/safetensors.ts';
import { add, mul, sub } from '../tensor/graph/ops/elementwise.ts';
import { reduceSum } from '../tensor/graph/ops/reduction.ts';
import { Trainer } from '../tensor/optim/trainer.ts';
import { Philox } from '../tensor/random/philox.ts';
import { Candidates, candidateSteps } from './candidates.ts';
import { TrainingCheckpoints } from './checkpoint.ts';
import type { Learner } from './learner.ts';
import { runSteps, type StepsSettings } from './run-steps.ts';
import type { StepBatch } from './step.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-steps-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => mkdtempSync(path.join(root, `${folders++}-`));

const BATCHES = 2;
const SETTINGS: StepsSettings = {
  maxTrainSteps: 6,
  learningRate: 0.1,
  lrScheduler: 'cosine_with_restarts',
  lrWarmupSteps: 2,
  lrNumCycles: 2,
  lrPower: 1,
  trainTextEncoder: true,
  textEncoderLearningRate: 0.05,
  textEncoderStopStep: 4,
  checkpointingSteps: 2,
};

const CANDIDATES = candidateSteps(SETTINGS.maxTrainSteps, 3);

/** loss = Σ (unet.w − target)² + Σ (text_encoder.w − target)², over all batches of a step */
async function createToyLearner(): Promise<Learner> {
  const parameters = [UNET, TEXT_ENCODER].map((model) => ({
    name: `${model}.w`,
    shape: [3],
    lrClass: model,
  }));
  const trainer = await Trainer.create({
    parameters,
    initial: (name) => new Philox(1, name.length).normals(3),
    gradientAccumulationSteps: BATCHES,
    threads: 1,
    build: (graph, weights) => {
      const target = graph.input('target', 'float32', [3]);
      const errors = parameters.map(({ name }) => sub(weights(name, [3]), target));
      return {
        loss: errors.map((error) => reduceSum(mul(error, error))).reduce((a, b) => add(a, b)),
      };
    },
  });
  return {
    trainer,
    feeds: () => ({}),
    writeArtifact: (file, details) =>
      writeSafetensors(
        file,
        parameters.map(({ name }) => ({
          name,
          dtype: 'F32',
          shape: [3],
          data: trainer.parameter(name),
        })),
        details,
      ),
  };
}

const batchesOf = (step: number): StepBatch[] =>
  Array.from({ length: BATCHES }, (_, row) => ({
    rows: [row],
    feeds: { target: { data: new Philox(7, step, row).normals(3), shape: [3] } },
  }));

/** One attempt in a folder, killed after a step where `killAt` says so. */
async function attempt(
  folder: string,
  {
    killAt,
    finishAt,
    batches = batchesOf,
    fingerprint = 'toy',
    ...settings
  }: Partial<StepsSettings> & {
    killAt?: number;
    finishAt?: number;
    batches?: typeof batchesOf;
    fingerprint?: string;
  } = {},
) {
  const learner = await createToyLearner();
  const candidates = new Candidates(folder, {}, fingerprint, CANDIDATES);
  const [controller, finish] = [new AbortController(), new AbortController()];
  if (finishAt === 0) finish.abort();
  const losses: number[] = [];
  const encoder: number[][] = [];
  try {
    const result = await runSteps(
      learner,
      { ...SETTINGS, ...settings },
      batches,
      { checkpoints: new TrainingCheckpoints(folder, fingerprint), candidates },
      {
        signal: controller.signal,
        finish: finish.signal,
        now: () => performance.now(),
        onProgress: ({ step, loss }) => {
          losses.push(loss!);
          encoder.push([...learner.trainer.parameter(`${TEXT_ENCODER}.w`)]);
          if (step === finishAt) finish.abort();
          if (step === killAt) controller.abort(new Error('killed'));
        },
      },
    );
    const weights = learner.trainer.bank.names.map((name) => [...learner.trainer.parameter(name)]);
    const kept = candidates.before(result.step);
    return { ...result, losses, encoder, weights, kept };
  } finally {
    await learner.trainer.close();
  }
}

const stateOf = (folder: string) => path.join(folder, 'training-state.safetensors');
const stepOf = (folder: string) => readSafetensorsHeader(stateOf(folder)).metadata.step;

test('a training killed at any step and resumed ends with the same bytes', async () => {
  const whole = newFolder();
  const { losses } = await attempt(whole);
  expect(losses).toHaveLength(6);
  for (const [killAt, resumedFromStep] of [0, 2, 2, 4, 4].entries()) {
    const folder = newFolder();
    await expect(attempt(folder, { killAt: killAt + 1 })).rejects.toThrow('killed');
    const resumed = await attempt(folder);
    expect(resumed.resumedFromStep).toBe(resumedFromStep);
    expect(resumed.losses).toEqual(losses.slice(resumedFromStep));
    expect(readFileSync(stateOf(folder)).equals(readFileSync(stateOf(whole)))).toBe(true);
  }
  expect(await attempt(whole)).toMatchObject({ resumedFromStep: 6, losses: [] });
});

test('candidates are evenly spaced, and the last step is one of them', () => {
  expect(candidateSteps(200, 4)).toEqual([50, 100, 150, 200]);
  expect(candidateSteps(10, 4)).toEqual([3, 5, 8, 10]);
  expect(candidateSteps(2, 5)).toEqual([1, 2]);
  expect(candidateSteps(7, 1)).toEqual([7]);
});

test('a training killed at any step and resumed has kept the same candidates', async () => {
  const whole = await attempt(newFolder());
  expect(whole.kept.map(({ step }) => step)).toEqual([2, 4]);
  for (const killAt of [1, 2, 3, 4, 5]) {
    const folder = newFolder();
    await expect(attempt(folder, { killAt })).rejects.toThrow('killed');
    const { kept } = await attempt(folder);
    for (const [i, { step, file }] of kept.entries()) {
      expect(step).toBe(whole.kept[i]!.step);
      expect(readFileSync(file).equals(readFileSync(whole.kept[i]!.file))).toBe(true);
    }
    expect(kept).toHaveLength(2);
  }
  const { entries } = readSafetensorsHeader(whole.kept[0]!.file);
  const [early] = [...entries.keys()].map((name) => readTensorFloat32(entries.get(name)!));
  expect([...early!]).not.toEqual(whole.weights[0]);
});

test('the candidates of another training do not count', async () => {
  const folder = newFolder();
  await expect(attempt(folder, { killAt: 5 })).rejects.toThrow('killed');
  const other = attempt(folder, { fingerprint: 'other', killAt: 3 });
  await expect(other).rejects.toThrow('killed');
  const candidates = new Candidates(folder, {}, 'other', CANDIDATES);
  expect(candidates.before(6).map(({ step }) => step)).toEqual([2]);
  expect(candidates.before(2)).toEqual([]);
});

test('told to finish, a training ends with the next step, and what it learned by then can be resumed', async () => {
  const whole = await attempt(newFolder());
  const folder = newFolder();
  const finished = await attempt(folder, { finishAt: 3 });
  expect(finished).toMatchObject({ step: 3, losses: whole.losses.slice(0, 3) });
  expect(finished.kept.map(({ step }) => step)).toEqual([2]);
  expect(stepOf(folder)).toBe('3');
  // Its worker is killed before it could tell, and asks again.
  expect(await attempt(folder, { finishAt: 0 })).toMatchObject({ step: 3, losses: [] });
  expect((await attempt(folder)).weights).toEqual(whole.weights);
});

test('told to finish before it began, a training makes one step', async () => {
  expect(await attempt(newFolder(), { finishAt: 0 })).toMatchObject({ step: 1, kept: [] });
});

test('the text encoder stays as it is after its stop step, and the rest goes on', async () => {
  const { encoder, weights } = await attempt(newFolder());
  expect(encoder[3]).not.toEqual(encoder[2]);
  expect(encoder[4]).toEqual(encoder[3]);
  expect(encoder[5]).toEqual(encoder[3]);
  const whole = await attempt(newFolder(), { textEncoderStopStep: null });
  expect(whole.encoder.slice(0, 4)).toEqual(encoder.slice(0, 4));
  expect(whole.encoder[4]).not.toEqual(whole.encoder[3]);
  expect(whole.weights[0]).not.toEqual(weights[0]);
});

test('the state of another training is not taken up', async () => {
  const folder = newFolder();
  await expect(attempt(folder, { killAt: 4 })).rejects.toThrow('killed');
  const learner = await createToyLearner();
  expect(new TrainingCheckpoints(folder, 'other').resume(learner.trainer)).toBe(0);
  expect(learner.trainer.state.step).toBe(0);
  await learner.trainer.close();
});

test('a diverging training stops, keeps the state before, and goes on from it at another rate', async () => {
  const folder = newFolder();
  // Rates 0, 5e24, 1e25 …: the second step still has a finite loss, and wrecks the weights.
  const blowUp = { learningRate: 1e25, checkpointingSteps: 1 } as const;
  await expect(attempt(folder, blowUp)).rejects.toMatchObject({
    code: 'NAN_LOSS',
    details: { step: '3' },
    message: expect.stringMatching(
      /^step 3 gave the loss Infinity .* the state of step 1 is kept\. Lower learningRate/,
    ),
  });
  expect(stepOf(folder)).toBe('1');
  expect(existsSync(path.join(folder, 'training-state.unproven.safetensors'))).toBe(false);

  const resumed = await attempt(folder);
  expect(resumed.resumedFromStep).toBe(1);
  // The rate of the first step was 0 both times.
  expect(resumed.weights).toEqual((await attempt(newFolder())).weights);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'a batch with %s in it changes no weight, and the last proven state is kept',
  async (bad) => {
    const folder = newFolder();
    const batches = (step: number) =>
      step < 5
        ? batchesOf(step)
        : batchesOf(step).map((batch, i) =>
            i === 0
              ? batch
              : { ...batch, feeds: { target: { data: Float32Array.of(0, bad, 0), shape: [3] } } },
          );
    await expect(attempt(folder, { batches })).rejects.toMatchObject({
      code: 'NAN_LOSS',
      details: { step: '6' },
    });
    expect(stepOf(folder)).toBe('4');
    expect((await attempt(folder)).weights).toEqual((await attempt(newFolder())).weights);
  },
);

test('before the first update the rate is not to blame', async () => {
  const batches = () =>
    batchesOf(0).map((batch) => ({
      ...batch,
      feeds: { target: { data: new Float32Array(3).fill(Number.NaN), shape: [3] } },
    }));
  await expect(attempt(newFolder(), { batches })).rejects.toThrow(
    'step 1 gave the loss NaN and the gradient norm NaN; the state of step 0 is kept. Nothing was learned yet',
  );
});

test('weights that the artifact could not hold end the training, too', async () => {
  const folder = newFolder();
  const failure = attempt(folder, { learningRate: 1e6, maxTrainSteps: 3, lrScheduler: 'constant' });
  await expect(failure).rejects.toThrow('step 3 left weights beyond half precision');
  expect(stepOf(folder)).toBe('2');
});
