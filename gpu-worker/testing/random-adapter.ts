/** @file Writes an adapter with random values beside a base, as a training would leave it. */

import { upName } from '../diffusion/lora/adapter.ts';
import { listLoraLayers } from '../diffusion/lora/layers.ts';
import { collectLora, initialLora } from '../diffusion/lora/training.ts';
import { openCheckpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import { writeLoraArtifact } from '../dreambooth/checkpoint.ts';
import { Philox } from '../tensor/random/philox.ts';

/**
 * Writes an adapter on the attention of UNet and text encoders.
 *
 * @param seed another subject for another seed
 * @returns file
 */
export function writeRandomAdapter(
  file: string,
  baseCheckpointDir: string,
  seed: number,
  rank = 16,
): string {
  const layers = listLoraLayers(openCheckpoint(baseCheckpointDir), {
    rank,
    alpha: rank,
    targets: ['attention'],
    trainTextEncoder: true,
  });
  const initial = initialLora(layers, seed);
  // A trained adapter does not end at zero as it begins.
  const ups = new Map(layers.map(({ module }, i) => [upName(module), i]));
  const adapter = collectLora(layers, (name) => {
    const values = initial(name);
    const stream = ups.get(name);
    if (stream === undefined) return values;
    return new Philox(seed, stream).normals(values.length).map((value) => value * 0.05);
  });
  writeLoraArtifact(file, adapter, { identifier: 'zwx', classNoun: 'cat' });
  return file;
}
