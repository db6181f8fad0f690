/** @file Predictions and training steps with adapters against what the reference implementation computed. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { scalar, Trainer } from '../../tensor/optim/trainer.ts';
import type { Feeds, Tensor } from '../../tensor/runtime/session.ts';
import { SessionCache } from '../pipelines/session-cache.ts';
import { predictNoise } from '../pipelines/sessions.ts';
import { timeIdsOf, wholePicture } from '../pipelines/time-ids.ts';
import { buildDenoisingLoss } from '../training/denoising-loss.ts';
import { openCheckpoint } from '../weights/diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
} from '../weights/safetensors.ts';
import { downName, listLoraParameters, packLora, upName } from './adapter.ts';
import { listLoraLayers } from './layers.ts';
import { collectLora, trainedLora } from './training.ts';

const GOLDEN = new URL('../../../../shared/golden/', import.meta.url).pathname;
const available = existsSync(GOLDEN);
if (!available && process.env.CI === 'true')
  throw new Error(`expected the reference values at ${GOLDEN}`);

/** ‖a − b‖ / ‖b‖ over several tensors together. */
function relativeError(
  pairs: readonly (readonly [ArrayLike<number>, ArrayLike<number>])[],
): number {
  let difference = 0;
  let norm = 0;
  for (const [actual, expected] of pairs) {
    expect(actual.length).toBe(expected.length);
    for (let i = 0; i < expected.length; i++) {
      difference += (actual[i]! - expected[i]!) ** 2;
      norm += expected[i]! ** 2;
    }
  }
  return Math.sqrt(difference / norm);
}

describe.skipIf(!available).each(['sd1', 'sd2', 'bk', 'sdxl'])(
  '%s, reference values in ../shared/golden',
  (family) => {
    const checkpoint = openCheckpoint(`${GOLDEN}${family}`);
    const { entries } = readSafetensorsHeader(`${GOLDEN}${family}/reference.safetensors`);
    const float = (name: string): Tensor => {
      const entry = entries.get(name)!;
      return { data: readTensorFloat32(entry), shape: entry.shape };
    };
    const stored = (when: 'before' | 'after', name: string) =>
      float(`lora/${when}/${name.slice('unet.'.length)}`).data as Float32Array;
    const layers = listLoraLayers(checkpoint, {
      rank: 4,
      alpha: 8,
      targets: ['attention'],
      trainTextEncoder: false,
    });

    test('the adapter stands beside the layers that the reference chose', () => {
      const names = listLoraParameters(layers).map(({ name }) => name.slice('unet.'.length));
      const expected = [...entries.keys()]
        .filter((name) => name.startsWith('lora/before/'))
        .map((name) => name.slice('lora/before/'.length));
      expect(names.toSorted()).toEqual(expected.toSorted());
    });

    const cache = new SessionCache({ threads: 1 });
    afterAll(() => cache.close());
    const conditioning = () => ({
      states: float('text/hidden'),
      ...(checkpoint.textEncoder2 && {
        pooled: float('text/pooled'),
        timeIds: timeIdsOf(Array(4).fill(wholePicture(128, 128))),
      }),
    });

    test('the prediction with an adapter matches', async () => {
      const adapter = layers.map((layer) => ({
        ...layer,
        down: stored('before', downName(layer.module)),
        up: stored('before', upName(layer.module)),
      }));
      const timesteps = entries.get('unet/timesteps')!;
      const prediction = await predictNoise(
        cache,
        checkpoint.unet,
        checkpoint.unet.tensors,
        {
          sample: float('unet/noisy'),
          timesteps: {
            data: Float32Array.from(readTensorInt32(timesteps)),
            shape: timesteps.shape,
          },
          ...conditioning(),
        },
        packLora(adapter).unet,
      );
      const error = relativeError([[prediction, float('lora/prediction').data]]);
      expect(error).toBeLessThan(2e-5);
    });

    test('three steps of adapters on frozen weights match', async () => {
      const latents = float('unet/noisy');
      const { states, pooled, timeIds } = conditioning();
      const timesteps = entries.get('unet/timesteps')!;
      const [rows, , latentHeight, latentWidth] = latents.shape as [number, number, number, number];
      const trainer = await Trainer.create({
        parameters: listLoraParameters(layers),
        initial: (name) => stored('before', name),
        threads: 1,
        build: (graph, parameters) => {
          const { loss, rowLosses } = buildDenoisingLoss(
            graph,
            trainedLora(graph, checkpoint, layers, parameters),
            checkpoint,
            {
              rows,
              latentHeight,
              latentWidth,
              prompts: rows,
              tokens: states.shape[1]!,
              trainTextEncoder: false,
            },
          );
          return { loss, outputs: { rowLosses } };
        },
      });
      const feeds: Feeds = {
        noisyLatents: latents,
        target: float('unet/target'),
        timesteps: { data: readTensorInt32(timesteps), shape: timesteps.shape },
        rowWeights: { data: Float32Array.of(0.5, 0.5, 0.5, 0.5), shape: [rows] },
        rowPrompts: { data: Int32Array.from({ length: rows }, (_, i) => i), shape: [rows] },
        promptStates: states,
        ...(pooled && timeIds && { promptPooled: pooled, timeIds }),
      };
      const losses = float('lora/losses').data;
      for (let step = 0; step < 3; step++) {
        const results = await trainer.step(feeds, { unet: 1e-3 });
        const row = results.rowLosses!.data as Float32Array;
        const [total, instance, prior, norm] = losses.slice(step * 4);
        expect(Math.abs(scalar(results, 'loss') - total!)).toBeLessThan(1e-5);
        expect(Math.abs((row[0]! + row[1]!) / 2 - instance!)).toBeLessThan(1e-5);
        expect(Math.abs((row[2]! + row[3]!) / 2 - prior!)).toBeLessThan(1e-5);
        expect(Math.abs(scalar(results, 'gradNorm') / norm! - 1)).toBeLessThan(1e-4);
      }
      const updates = trainer.bank.names.map((name) => {
        const before = stored('before', name);
        const update = (after: Float32Array) => after.map((value, i) => value - before[i]!);
        return [update(trainer.parameter(name)), update(stored('after', name))] as const;
      });
      expect(relativeError(updates)).toBeLessThan(1e-2);
      expect(collectLora(layers, (name) => trainer.parameter(name))).toHaveLength(layers.length);
      await trainer.close();
    });
  },
);
