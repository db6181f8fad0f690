/** @file The loss under min-SNR, each half with its own timesteps, against torch on the same checkpoints; and by places. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Graph } from '../../tensor/graph/graph.ts';
import { createSession, type Feeds, type Tensor } from '../../tensor/runtime/session.ts';
import { alphasCumprod } from '../schedulers/ddpm.ts';
import { openCheckpoint } from '../weights/diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
} from '../weights/safetensors.ts';
import { buildDenoisingLoss, frozenDenoiser } from './denoising-loss.ts';
import { minSnrWeight } from './min-snr.ts';

const FIXTURES = new URL('../../../parity/fixtures/', import.meta.url).pathname;
const GOLDEN = new URL('../../../../shared/golden/', import.meta.url).pathname;
const available = existsSync(GOLDEN);
if (!available && process.env.CI === 'true')
  throw new Error(`expected the reference values at ${GOLDEN}`);

const LAMBDA = 0.7;

/**
 * Loss of instance rows + λ · loss of class rows by γ; SNR as `compute_snr` of diffusers has it, weights
 * as Hang et al. do: min(SNR, γ) / SNR for noise, min(SNR, γ) / (SNR + 1) for velocity.
 */
type LossByGamma = readonly (readonly [gamma: number, loss: number])[];

test('noise, a photo and a class image', () =>
  check(`${FIXTURES}bk`, [
    [5, 1.6495174169540405],
    [0.5, 0.7707485556602478],
  ]));

test.skipIf(!available)('noise, two rows each, reference values in ../shared/golden', () =>
  check(`${GOLDEN}sd1`, [
    [5, 1.1716194152832031],
    [0.5, 0.5900028347969055],
  ]),
);

test.skipIf(!available)('velocity, two rows each, reference values in ../shared/golden', () =>
  check(`${GOLDEN}sd2`, [
    [5, 0.690132200717926],
    [0.5, 0.17635905742645264],
  ]),
);

test('places count by their weights', async () => {
  const { timesteps, latentShape, lossOf, close } = await prepare(`${FIXTURES}bk`, true);
  const [, , height, width] = latentShape;
  const rowWeights = new Float32Array(timesteps.length).fill(1 / timesteps.length);
  const lossOn = (weightAt: (column: number) => number): Promise<number> => {
    const shape = [timesteps.length, 1, height, width];
    const size = timesteps.length * height * width;
    const data = Float32Array.from({ length: size }, (_, i) => weightAt(i % width));
    return lossOf(rowWeights, { placeWeights: { data, shape } });
  };
  const whole = await lossOn(() => 1);
  const left = await lossOn((column) => Number(column < width / 2));
  const right = await lossOn((column) => Number(column >= width / 2));
  expect(left + right).toBeCloseTo(whole, 5);
  expect(await lossOn((column) => (column < width / 2 ? 3 : 0.5))).toBeCloseTo(
    3 * left + 0.5 * right,
    5,
  );
  expect(Math.min(left, right)).toBeGreaterThan(0.1);
  await close();
});

async function check(dir: string, reference: LossByGamma): Promise<void> {
  const { timesteps, scheduler, lossOf, close } = await prepare(dir, false);
  const alphas = alphasCumprod(scheduler);
  const rows = timesteps.length;
  for (const [gamma, expected] of reference) {
    const weights = Float32Array.from(timesteps, (timestep, row) => {
      const share = (row < rows / 2 ? 1 : LAMBDA) / (rows / 2);
      return share * minSnrWeight(timestep, alphas, gamma, scheduler.prediction_type);
    });
    expect(Math.abs((await lossOf(weights, {})) - expected), `γ = ${gamma}`).toBeLessThan(1e-5);
  }
  await close();
}

/** A checkpoint's loss on its reference latents. */
async function prepare(dir: string, weighsPlaces: boolean) {
  const checkpoint = openCheckpoint(dir);
  const { entries } = readSafetensorsHeader(`${dir}/reference.safetensors`);
  const float = (name: string): Tensor => {
    const entry = entries.get(name)!;
    return { data: readTensorFloat32(entry), shape: entry.shape };
  };
  const timesteps = readTensorInt32(entries.get('unet/timesteps')!);
  const rows = timesteps.length;
  const promptStates = float('text/hidden');
  const latentShape = entries.get('unet/noisy')!.shape as [number, number, number, number];
  const [, , latentHeight, latentWidth] = latentShape;

  const graph = new Graph();
  const { loss } = buildDenoisingLoss(graph, frozenDenoiser(graph, checkpoint), checkpoint, {
    rows,
    latentHeight,
    latentWidth,
    prompts: rows,
    tokens: promptStates.shape[1]!,
    trainTextEncoder: false,
    weighsPlaces,
  });
  graph.output('loss', loss);
  const session = await createSession(graph, { purpose: 'inference', threads: 1 });
  const fixed = {
    noisyLatents: float('unet/noisy'),
    target: float('unet/target'),
    timesteps: { data: timesteps, shape: [rows] },
    rowPrompts: { data: Int32Array.from(timesteps, (_, row) => row), shape: [rows] },
    promptStates,
  };
  return {
    timesteps,
    scheduler: checkpoint.scheduler,
    latentShape,
    lossOf: async (rowWeights: Float32Array, more: Feeds): Promise<number> => {
      const feeds = { ...fixed, ...more, rowWeights: { data: rowWeights, shape: [rows] } };
      return (await session.run(feeds)).loss!.data[0] as number;
    },
    close: () => session.close(),
  };
}
