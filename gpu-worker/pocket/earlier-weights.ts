/** @file Weights of an earlier edition, to go on from. */
import { existsSync } from 'node:fs';
import { readSafetensorsHeader, readTensorFloat32 } from '../diffusion/weights/safetensors.ts';

/**
 * @param prefix that the trainer's names have before the file's
 * @returns gives a tensor's values by the trainer's name, undefined for what the file lacks; undefined where there is
 * no file
 */
export function readEarlierWeights(
  file: string,
  prefix = '',
): ((name: string) => Float32Array | undefined) | undefined {
  if (!existsSync(file)) return undefined;
  const { entries } = readSafetensorsHeader(file);
  return (name) => {
    const entry = name.startsWith(prefix) ? entries.get(name.slice(prefix.length)) : undefined;
    return entry && readTensorFloat32(entry);
  };
}
