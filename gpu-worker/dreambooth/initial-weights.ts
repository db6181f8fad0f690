/** @file Where a training begins: at the base's own weights, or at those that an earlier training left. */
import { type LoraAdapter, modelOf } from '../diffusion/lora/adapter.ts';
import { readLora } from '../diffusion/lora/files.ts';
import { readCheckpointParameter, UNET } from '../diffusion/training/denoising-loss.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  SafetensorsError,
} from '../diffusion/weights/safetensors.ts';
import type { ParameterSpec } from '../tensor/optim/parameter-bank.ts';
import { EngineRequestError, type TrainingSettings, type TrainSubjectRequest } from './requests.ts';

export interface InitialWeights {
  /** What an earlier training changed is what this one changes, whatever was asked for. */
  readonly settings: TrainingSettings;
  /** Adapters to go on with; absent: fresh ones. */
  readonly adapter?: LoraAdapter;
  /** First values of one of the models' own tensors. */
  readonly read: (parameter: Pick<ParameterSpec, 'name' | 'shape'>) => Float32Array;
}

/**
 * @throws {EngineRequestError} `ARTIFACT_UNREADABLE` when the file does not belong to this base,
 *   `SETTINGS_UNSUPPORTED` when it was trained by the other method
 */
export function openInitialWeights(
  {
    settings,
    initialArtifactFile: file,
  }: Pick<TrainSubjectRequest, 'settings' | 'initialArtifactFile'>,
  checkpoint: Checkpoint,
): InitialWeights {
  const ofBase = (parameter: Pick<ParameterSpec, 'name' | 'shape'>) =>
    readCheckpointParameter(checkpoint, parameter);
  if (file === undefined) return { settings, read: ofBase };
  try {
    const { entries, metadata } = readSafetensorsHeader(file);
    if (metadata.method !== settings.method) {
      const reason = `method: expected ${metadata.method} as before, got ${settings.method}`;
      throw new EngineRequestError('SETTINGS_UNSUPPORTED', reason, { reason });
    }
    if (settings.method === 'lora') {
      const adapter = readLora(file, checkpoint);
      const trainTextEncoder = adapter.some(({ module }) => modelOf(module) !== UNET);
      return { settings: { ...settings, trainTextEncoder }, adapter, read: ofBase };
    }
    const names = [...entries.keys()];
    return {
      settings: { ...settings, trainTextEncoder: names.some((name) => modelOf(name) !== UNET) },
      read(parameter) {
        const entry = entries.get(parameter.name);
        return entry ? readTensorFloat32(entry) : ofBase(parameter);
      },
    };
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error;
    throw new EngineRequestError('ARTIFACT_UNREADABLE', error.message);
  }
}
