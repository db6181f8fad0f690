/** @file What a training leaves behind: state to resume from, and the fine-tuned weights as the artifact. */
import { createHash } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
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
import type { TrainingSettings, TrainSubjectRequest } from './requests.ts';

/**
 * The states of one training that it can be resumed from.
 *
 * A saved state is not known to be good before a step was made from it: the loss of the step that
 * wrecked the weights was still finite. So it takes the place of the last good one only then.
 */
export class TrainingCheckpoints {
  readonly #good: string;
  readonly #unproven: string;
  readonly #fingerprint: string;

  /** @param fingerprint of the training: the state of another one is not taken */
  constructor(workDir: string, fingerprint: string) {
    this.#good = path.join(workDir, 'training-state.safetensors');
    this.#unproven = path.join(workDir, 'training-state.unproven.safetensors');
    this.#fingerprint = fingerprint;
  }

  /**
   * Takes up the newest state that an earlier attempt left.
   * @returns the step to go on from, 0 where there is nothing to resume
   */
  resume(trainer: Trainer): number {
    if (this.#stepOf(this.#unproven) === undefined) rmSync(this.#unproven, { force: true });
    const file = [this.#unproven, this.#good].find((name) => this.#stepOf(name) !== undefined);
    if (file !== undefined) trainer.restore(loadTrainingState(file, trainer.bank));
    return trainer.state.step;
  }

  /** Saves a state beside the last good one; a crash leaves both whole. */
  async save(trainer: Trainer): Promise<void> {
    await trainer.download();
    saveTrainingState(this.#unproven, trainer.bank, trainer.state, {
      fingerprint: this.#fingerprint,
    });
  }

  /** The state saved last, if any, has proved good. */
  confirm(): void {
    if (existsSync(this.#unproven)) renameSync(this.#unproven, this.#good);
  }

  /**
   * Nothing good comes of the state saved last.
   * @returns the step of the state that is kept, 0 where there is none
   */
  reject(): number {
    rmSync(this.#unproven, { force: true });
    return this.#stepOf(this.#good) ?? 0;
  }

  /** @returns undefined where there is no state of this training */
  #stepOf(file: string): number | undefined {
    if (!existsSync(file)) return undefined;
    const { fingerprint, step } = readSafetensorsHeader(file).metadata;
    return fingerprint === this.#fingerprint ? Number(step) : undefined;
  }
}

/** How fast a training goes on from a state: a diverged one may continue with other rates. */
const RATES: readonly string[] = [
  'learningRate',
  'textEncoderLearningRate',
  'lrScheduler',
  'lrWarmupSteps',
  'lrNumCycles',
  'lrPower',
] satisfies (keyof TrainingSettings)[];

/**
 * Two requests with the same fingerprint train the same weights, but for their learning rates.
 * @param baseHash of the base checkpoint
 */
export function trainingFingerprint(
  request: Pick<
    TrainSubjectRequest,
    'classNoun' | 'identifier' | 'instancePrompt' | 'photoFiles' | 'settings'
  >,
  baseHash: string,
): string {
  const { classNoun, identifier, instancePrompt, photoFiles } = request;
  const settings = Object.entries(request.settings).filter(([name]) => !RATES.includes(name));
  const text = JSON.stringify([
    baseHash,
    classNoun,
    identifier,
    settings.sort(),
    photoFiles.length,
    ...(instancePrompt === undefined ? [] : [instancePrompt]),
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
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
