/** @file Saves and restores everything that a training needs to go on where it stopped. */
import { createHash } from 'node:crypto';
import type { ParameterBank } from '../../tensor/optim/parameter-bank.ts';
import type { TrainingState } from '../../tensor/optim/training-state.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  SafetensorsError,
  type TensorData,
  writeSafetensors,
} from './safetensors.ts';

const KINDS = ['parameters', 'expAvg', 'expAvgSq'] as const;

/**
 * Writes a state in one atomic file, float32.
 * @param details strings to keep beside it, such as the loss curve so far
 */
export function saveTrainingState(
  file: string,
  bank: ParameterBank,
  state: TrainingState,
  details: Readonly<Record<string, string>> = {},
): void {
  const tensors = function* (): Generator<TensorData> {
    for (const kind of KINDS) {
      for (const [i, group] of bank.groups.entries()) {
        const data = state[kind][i]!;
        yield { name: `${kind}/${group.name}`, dtype: 'F32', shape: [data.length], data };
      }
    }
  };
  writeSafetensors(file, tensors(), {
    ...details,
    step: String(state.step),
    layout: layoutOf(bank),
  });
}

/** @throws {SafetensorsError} when the file is damaged or belongs to another set of parameters */
export function loadTrainingState(file: string, bank: ParameterBank): TrainingState {
  const { entries, metadata } = readSafetensorsHeader(file);
  if (metadata.layout !== layoutOf(bank)) {
    throw new SafetensorsError(`${file}: the state belongs to a training of other parameters`);
  }
  const read = (kind: (typeof KINDS)[number]) =>
    bank.groups.map(({ name }) => {
      const entry = entries.get(`${kind}/${name}`);
      if (!entry) throw new SafetensorsError(`${file}: expected ${kind}/${name}`);
      return readTensorFloat32(entry);
    });
  return {
    step: Number(metadata.step),
    parameters: read('parameters'),
    expAvg: read('expAvg'),
    expAvgSq: read('expAvgSq'),
  };
}

/** Changes whenever a parameter is added, renamed, reshaped or packed elsewhere. */
function layoutOf(bank: ParameterBank): string {
  const text = bank.groups.map(({ slots }) =>
    slots.map(({ name, shape }) => `${name}[${shape}]`).join(),
  );
  return createHash('sha256').update(text.join('|')).digest('hex').slice(0, 16);
}
