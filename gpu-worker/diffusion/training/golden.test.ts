/** @file Whole models, gradients and optimiser steps against what the reference implementation computed. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Graph, type Value } from '../../tensor/graph/graph.ts';
import { scalar, Trainer } from '../../tensor/optim/trainer.ts';
import { createSession, type Feeds, type Tensor } from '../../tensor/runtime/session.ts';
import { buildVaeDecoder, buildVaeEncoder } from '../models/autoencoder-kl.ts';
import { buildClipTextModel } from '../models/clip-text-model.ts';
import { frozenWeights } from '../models/frozen-weights.ts';
import { buildUnet } from '../models/unet-2d-condition-model.ts';
import { predictNoise, SessionCache } from '../pipelines/sessions.ts';
import { denoise } from '../pipelines/text-to-image.ts';
import { createSampler, SAMPLER_NAMES } from '../schedulers/create-sampler.ts';
import { openCheckpoint } from '../weights/diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
} from '../weights/safetensors.ts';
import {
  buildDenoisingLoss,
  listDenoiserParameters,
  readCheckpointParameter,
} from './denoising-loss.ts';

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

function openGolden(family: string) {
  const checkpoint = openCheckpoint(`${GOLDEN}${family}`);
  const { entries } = readSafetensorsHeader(`${GOLDEN}${family}/reference.safetensors`);
  const float = (name: string): Tensor => {
    const entry = entries.get(name)!;
    return { data: readTensorFloat32(entry), shape: entry.shape };
  };
  const int = (name: string): Tensor => {
    const entry = entries.get(name)!;
    return { data: readTensorInt32(entry), shape: entry.shape };
  };
  return { checkpoint, float, int, names: [...entries.keys()] };
}

async function runOnce(
  feeds: Feeds,
  build: (graph: Graph, inputs: Record<string, Value>) => Record<string, Value>,
): Promise<Record<string, Tensor>> {
  const graph = new Graph();
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [
      name,
      graph.input(name, data instanceof Int32Array ? 'int32' : 'float32', shape),
    ]),
  );
  for (const [name, value] of Object.entries(build(graph, inputs))) graph.output(name, value);
  const session = await createSession(graph, { purpose: 'inference' });
  const results = await session.run(feeds);
  await session.close();
  return results;
}

describe.skipIf(!available).each(['sd1', 'sd2', 'bk'])(
  '%s, reference values in ../shared/golden',
  (family) => {
    const { checkpoint, float, int, names } = openGolden(family);
    const cache = new SessionCache({});
    afterAll(() => cache.close());

    test('the text encoder matches', async () => {
      const { hidden } = await runOnce({ ids: int('ids') }, (graph, { ids }) => {
        const weights = frozenWeights(graph, checkpoint.textEncoder.tensors);
        return {
          hidden: buildClipTextModel(weights, checkpoint.textEncoder.config, ids!).lastHiddenState,
        };
      });
      expect(relativeError([[hidden!.data, float('text/hidden').data]])).toBeLessThan(1e-4);
    });

    test('the autoencoder matches both ways', async () => {
      const { config, tensors } = checkpoint.vae;
      const results = await runOnce(
        { pixels: float('vae/pixels'), latents: float('vae/latents') },
        (graph, { pixels, latents }) => {
          const weights = frozenWeights(graph, tensors);
          return {
            ...buildVaeEncoder(weights, config, pixels!),
            decoded: buildVaeDecoder(weights, config, latents!),
          };
        },
      );
      for (const name of ['mean', 'logvar', 'decoded']) {
        expect(relativeError([[results[name]!.data, float(`vae/${name}`).data]])).toBeLessThan(
          1e-4,
        );
      }
    });

    test('the UNet matches', async () => {
      const { prediction } = await runOnce(
        {
          sample: float('unet/noisy'),
          timesteps: int('unet/timesteps'),
          hidden: float('text/hidden'),
        },
        (graph, { sample, timesteps, hidden }) => ({
          prediction: buildUnet(
            frozenWeights(graph, checkpoint.unet.tensors),
            checkpoint.unet.config,
            {
              sample: sample!,
              timesteps: timesteps!,
              encoderHiddenStates: hidden!,
            },
          ),
        }),
      );
      expect(relativeError([[prediction!.data, float('unet/prediction').data]])).toBeLessThan(1e-4);
    });

    test.each(SAMPLER_NAMES)('sampling with %s matches', async (name) => {
      const start = float('sample/initial_noise');
      const hidden = float('text/hidden');
      const [, tokens, width] = hidden.shape as [number, number, number];
      const row = (index: number) =>
        (hidden.data as Float32Array).subarray(
          index * tokens * width,
          (index + 1) * tokens * width,
        );
      // Row 0 is the conditional text, row 3 the unconditional one.
      const states = { data: Float32Array.of(...row(3), ...row(0)), shape: [2, tokens, width] };
      const noise = `sample/${name}/step_noise`;
      const stepNoise = names.includes(noise) ? (float(noise).data as Float32Array) : undefined;
      const size = start.data.length;
      const sampler = createSampler(name, checkpoint.scheduler, 8);
      const latents = await denoise({
        sampler,
        start: start.data as Float32Array,
        rowShape: start.shape.slice(1),
        guidanceScale: 7.5,
        predict: (feeds) =>
          predictNoise(cache, checkpoint.unet, checkpoint.unet.tensors, { ...feeds, states }),
        // LCM's last step has none.
        noiseOf: (step) => stepNoise!.subarray(step * size, (step + 1) * size),
      });
      expect(sampler.timesteps).toEqual([...float(`sample/${name}/timesteps`).data]);
      expect(relativeError([[latents, float(`sample/${name}/latents`).data]])).toBeLessThan(2e-4);
    });

    test.each([false, true])(
      'three DreamBooth steps match, text encoder trained: %s',
      async (trainTextEncoder) => {
        const latents = float('unet/noisy');
        const [rows, , latentHeight, latentWidth] = latents.shape as [
          number,
          number,
          number,
          number,
        ];
        const ids = int('ids');
        const parameters = listDenoiserParameters(checkpoint, trainTextEncoder);
        const bySpec = new Map(parameters.map((spec) => [spec.name, spec]));
        let gradNames: string[] = [];
        const trainer = await Trainer.create({
          parameters,
          initial: (name) => readCheckpointParameter(checkpoint, bySpec.get(name)!),
          build: (graph, weights) => {
            const { loss, rowLosses } = buildDenoisingLoss(graph, weights, checkpoint, {
              rows,
              latentHeight,
              latentWidth,
              prompts: rows,
              tokens: ids.shape[1]!,
              trainTextEncoder,
            });
            return { loss, outputs: { rowLosses } };
          },
        });
        gradNames = trainer.bank.names;
        const feeds: Feeds = {
          noisyLatents: latents,
          target: float('unet/target'),
          timesteps: int('unet/timesteps'),
          rowWeights: { data: Float32Array.of(0.5, 0.5, 0.5, 0.5), shape: [rows] },
          rowPrompts: { data: Int32Array.from({ length: rows }, (_, i) => i), shape: [rows] },
          ...(trainTextEncoder ? { ids } : { promptStates: float('text/hidden') }),
        };
        const initial = new Map(gradNames.map((name) => [name, trainer.parameter(name).slice()]));
        const section = trainTextEncoder ? 'full_te' : 'full';
        const losses = float(`${section}/losses`).data;

        for (let step = 0; step < 3; step++) {
          const results = await trainer.step(feeds, { unet: 1e-4, text_encoder: 1e-4 });
          const row = results.rowLosses!.data as Float32Array;
          const measured = [
            scalar(results, 'loss'),
            (row[0]! + row[1]!) / 2,
            (row[2]! + row[3]!) / 2,
            scalar(results, 'gradNorm'),
          ];
          for (const [i, value] of measured.entries()) {
            expect(Math.abs(value / losses[step * 4 + i]! - 1)).toBeLessThan(1e-4);
          }
          if (step === 0 && !trainTextEncoder) {
            // After one update from zero, expAvg is (1 − β₁) times the clipped gradient.
            const pairs = gradNames.map((name) => {
              const moment = trainer.bank
                .view(trainer.state.expAvg, name)
                .map((m) => m / (1 - 0.9));
              return [
                moment,
                float(`full/grad_clipped/${name.slice('unet.'.length)}`).data,
              ] as const;
            });
            expect(relativeError(pairs)).toBeLessThan(1e-3);
          }
        }

        const updates = (prefix: string, stored: (name: string) => string) =>
          gradNames
            .filter((name) => name.startsWith(prefix))
            .map((name) => {
              const before = initial.get(name)!;
              const after = float(stored(name.slice(prefix.length))).data;
              const actual = trainer.parameter(name).map((value, i) => value - before[i]!);
              return [actual, Float32Array.from(after, (value, i) => value - before[i]!)] as const;
            });
        if (!trainTextEncoder) {
          expect(relativeError(updates('unet.', (name) => `full/param/${name}`))).toBeLessThan(
            1e-2,
          );
        } else {
          const key = (name: string) =>
            names.find(
              (stored) =>
                stored.startsWith('full_te/text_param/') &&
                stored.endsWith(name.replace(/^text_model\./, '')),
            )!;
          expect(relativeError(updates('text_encoder.', key))).toBeLessThan(1e-2);
        }
        await trainer.close();
      },
    );
  },
);
