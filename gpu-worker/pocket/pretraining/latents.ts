/** @file The pretraining pictures' latents, encoded once into one file. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { SessionCache } from '../../diffusion/pipelines/session-cache.ts';
import { encodePixels } from '../../diffusion/pipelines/sessions.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  type TensorData,
  writeSafetensors,
} from '../../diffusion/weights/safetensors.ts';
import { PICTURE_SIZE } from '../world/render.ts';
import { unetConfig, vaeConfig } from './architecture.ts';
import type { LatentSet } from './denoiser.ts';
import { copyPicture } from './pictures.ts';
import type { PretrainingOptions } from './stages.ts';
import { weightsFile, writeVaeConfig } from './write-checkpoint.ts';

type LatentOptions = Pick<
  PretrainingOptions,
  'stateDir' | 'outDir' | 'pictures' | 'threads' | 'onProgress'
>;

/**
 * Encodes the pictures that were not encoded before. The first time the scaling factor is chosen so that latents have
 * variance 1; it stays, since the denoiser has learned with it.
 *
 * @param committed the factor of a denoiser that comes without its latents
 */
export async function prepareLatents(
  options: LatentOptions,
  pictures: Uint8Array,
  committed: number | undefined,
): Promise<LatentSet> {
  const { stateDir, outDir, pictures: count } = options;
  const file = path.join(stateDir, 'latents.safetensors');
  const side = unetConfig.sample_size as number;
  const shape = [unetConfig.in_channels, side, side] as const;
  const known = existsSync(file) ? readLatents(file) : undefined;
  const knownCount = known?.count ?? 0;
  if (knownCount < count) {
    const size = shape[0] * side * side;
    const data = new Float32Array(count * size);
    await encodePictures(options, pictures, knownCount, data.subarray(knownCount * size));
    const scalingFactor = known?.scalingFactor ?? committed ?? 1 / rootMeanSquare(data);
    for (let i = knownCount * size; i < data.length; i++) data[i]! *= scalingFactor;
    if (known) data.set(known.data);
    const tensors: TensorData[] = [{ name: LATENTS, dtype: 'F32', shape: [count, ...shape], data }];
    writeSafetensors(file, tensors, { scalingFactor: String(scalingFactor) });
  }
  const { data, scalingFactor } = readLatents(file);
  writeVaeConfig(outDir, { ...vaeConfig, scaling_factor: scalingFactor });
  return { data, count, shape, scalingFactor };
}

const LATENTS = 'latents';

const rootMeanSquare = (data: Float32Array): number =>
  Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);

/** @returns the encoded pictures, scaled, and what they were scaled by */
export function readLatents(file: string) {
  const { entries, metadata } = readSafetensorsHeader(file);
  const entry = entries.get(LATENTS)!;
  const data = readTensorFloat32(entry);
  return { data, count: entry.shape[0]!, scalingFactor: Number(metadata.scalingFactor) };
}

/** @param out the latents of pictures `first` and on, as the encoder gives them */
async function encodePictures(
  { outDir, pictures: count, threads, onProgress }: LatentOptions,
  pictures: Uint8Array,
  first: number,
  out: Float32Array,
): Promise<void> {
  const tensors = readSafetensorsHeader(weightsFile(outDir, 'vae')).entries;
  const size = out.length / (count - first);
  const cache = new SessionCache({ threads });
  const batch = 32;
  const pixelShape = [batch, 3, PICTURE_SIZE, PICTURE_SIZE];
  for (let start = first; start < count; start += batch) {
    const rows = Math.min(batch, count - start);
    const pixels = new Float32Array(batch * 3 * PICTURE_SIZE * PICTURE_SIZE);
    for (let row = 0; row < rows; row++) copyPicture(pictures, start + row, pixels, row);
    const { mean } = await encodePixels(
      cache,
      { config: vaeConfig, tensors },
      { data: pixels, shape: pixelShape },
    );
    out.set((mean.data as Float32Array).subarray(0, rows * size), (start - first) * size);
    onProgress('latents', start + rows, count, '');
  }
  await cache.close();
}
