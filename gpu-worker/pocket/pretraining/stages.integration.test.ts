/** @file The whole of pretraining in miniature: a few pictures, a few steps, stopped and gone on with. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadTokenizers } from '../../diffusion/pipelines/prompts.ts';
import { TextToImagePipeline } from '../../diffusion/pipelines/text-to-image.ts';
import { openCheckpoint } from '../../diffusion/weights/diffusers-checkpoint.ts';
import { CLASSES } from '../world/scene.ts';
import { readLatents } from './latents.ts';
import { type PretrainingOptions, pretrain } from './stages.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-pretrain-'));
afterAll(() => rmSync(root, { recursive: true }));

const optionsFor = (name: string, steps: number): PretrainingOptions => ({
  stateDir: path.join(root, name, 'state'),
  outDir: path.join(root, name, 'out'),
  pictures: 40,
  vaeSteps: 2,
  decoderSteps: 2,
  textSteps: 2,
  steps,
  seed: 1,
  threads: 0,
  processes: 1,
  now: () => performance.now(),
  onProgress: () => {},
});
const unetFile = ({ outDir }: PretrainingOptions) =>
  path.join(outDir, 'unet', 'diffusion_pytorch_model.safetensors');

test('writes a checkpoint that opens and draws, and goes on from its state or its weights', async () => {
  const options = optionsFor('run', 1);
  await pretrain(options);
  const first = readFileSync(unetFile(options));

  const checkpoint = openCheckpoint(options.outDir);
  expect(checkpoint.classNouns).toEqual([...CLASSES]);
  expect(checkpoint.vae.config.scaling_factor).toBeGreaterThan(0);
  const pipeline = new TextToImagePipeline(checkpoint, loadTokenizers(checkpoint));
  const [picture] = await pipeline.generate({
    prompts: ['a cat'],
    seeds: [1],
    sampler: 'ddim',
    numInferenceSteps: 2,
    guidanceScale: 2,
  });
  await pipeline.close();
  expect(picture).toMatchObject({ height: 64, width: 64 });
  expect(picture!.pixels.every(Number.isFinite)).toBe(true);

  // Nothing left to do: the weights stay as they are.
  await pretrain(options);
  expect(readFileSync(unetFile(options)).equals(first)).toBe(true);

  // More pictures: those that were drawn and encoded stay, and so does the scaling factor.
  const latentsFile = path.join(options.stateDir, 'latents.safetensors');
  const before = readLatents(latentsFile);
  await pretrain({ ...options, pictures: 75, steps: 2, processes: 2 });
  const after = readLatents(latentsFile);
  expect([before.count, after.count]).toEqual([40, 75]);
  expect(after.scalingFactor).toBe(before.scalingFactor);
  expect(after.data.subarray(0, before.data.length)).toEqual(before.data);
  expect(after.data.subarray(before.data.length).every((x) => x !== 0)).toBe(true);

  // The state folder is gone: the committed weights are where it goes on from.
  rmSync(options.stateDir, { recursive: true });
  await pretrain({ ...options, steps: 1 });
  expect(existsSync(path.join(options.stateDir, 'denoiser.safetensors'))).toBe(true);
  expect(existsSync(path.join(options.stateDir, 'autoencoder.safetensors'))).toBe(false);

  // An edition of another size and width: everything is trained anew.
  rmSync(options.stateDir, { recursive: true });
  const configFile = path.join(options.outDir, 'vae', 'config.json');
  const config = JSON.parse(readFileSync(configFile, 'utf8'));
  writeFileSync(configFile, JSON.stringify({ ...config, sample_size: 128 }));
  const unetConfigFile = path.join(options.outDir, 'unet', 'config.json');
  const unetConfig = JSON.parse(readFileSync(unetConfigFile, 'utf8'));
  writeFileSync(
    unetConfigFile,
    JSON.stringify({ ...unetConfig, block_out_channels: [16, 32, 32] }),
  );
  await pretrain({ ...options, steps: 1 });
  expect(existsSync(path.join(options.stateDir, 'autoencoder.safetensors'))).toBe(true);
  expect(existsSync(path.join(options.stateDir, 'text-encoder.safetensors'))).toBe(true);
});
