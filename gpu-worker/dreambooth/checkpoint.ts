/** @file What a training leaves behind: state to resume from, and the fine-tuned weights as the artifact. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { LoraAdapter } from '../diffusion/lora/adapter.ts';
import { writeLora } from '../diffusion/lora/files.ts';
import {
  readSafetensorsHeader,
  type TensorData,
  writeSafetensors,
} from '../diffusion/weights/safetensors.ts';
import { loadTrainingState, saveTrainingState } from '../diffusion/weights/training-state.ts';
import type { Trainer } from '../tensor/optim/trainer.ts';

const stateFile = (workDir: string): string => path.join(workDir, 'training-state.safetensors');

/** Replaces the state of a run; a crash leaves the former one whole. */
export function saveCheckpoint(
  workDir: string,
  { bank, state }: Trainer,
  fingerprint: string,
): void {
  saveTrainingState(stateFile(workDir), bank, state, { fingerprint });
}

/**
 * Takes up the state that an earlier attempt left.
 * @param fingerprint of the request: the state of another training is not taken
 * @returns the step to go on from, 0 where there is nothing to resume
 */
export function resumeCheckpoint(
  workDir: string,
  { bank, state }: Trainer,
  fingerprint: string,
): number {
  const file = stateFile(workDir);
  if (!existsSync(file)) return 0;
  if (readSafetensorsHeader(file).metadata.fingerprint !== fingerprint) return 0;
  loadTrainingState(file, bank, state);
  return state.step;
}

/**
 * Writes the fine-tuned weights in half precision, named `unet.…` and `text_encoder.…`.
 * @param details identifier, class noun, hash of the base
 */
export function writeFullArtifact(
  file: string,
  trainer: Trainer,
  details: Readonly<Record<string, string>>,
): void {
  const { bank } = trainer;
  const tensors = function* (): Generator<TensorData> {
    for (const name of bank.names) {
      yield { name, dtype: 'F16', shape: bank.spec(name).shape, data: trainer.parameter(name) };
    }
  };
  writeSafetensors(file, tensors(), { format: 'pt', method: 'full', ...details });
}

/**
 * Writes a trained adapter in half precision, as diffusers names and describes it.
 * @param details identifier, class noun, hash of the base
 */
export function writeLoraArtifact(
  file: string,
  adapter: LoraAdapter,
  details: Readonly<Record<string, string>>,
): void {
  writeLora(file, adapter, {
    naming: 'diffusers',
    dtype: 'F16',
    metadata: { method: 'lora', ...details },
  });
}
