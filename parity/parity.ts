/** @file Runs every check on a reference checkpoint. */
import { SessionCache } from '#worker/diffusion/pipelines/session-cache.ts';
import type { ExecutionProvider } from '#worker/tensor/runtime/session.ts';
import type { Bench, Check } from './checks/check.ts';
import { checkLora } from './checks/lora.ts';
import { checkAutoencoder, checkText, checkUnet } from './checks/models.ts';
import { checkSamplers } from './checks/sampling.ts';
import { checkSchedule } from './checks/schedule.ts';
import { checkTextTraining, checkUnetTraining } from './checks/training.ts';
import { failedRow, type Row } from './compare.ts';
import type { Reference } from './reference.ts';

/** By the part of the reference that each deals with. */
const CHECKS = {
  text: checkText,
  vae: checkAutoencoder,
  schedule: checkSchedule,
  unet: checkUnet,
  sample: checkSamplers,
  full: checkUnetTraining,
  full_te: checkTextTraining,
  lora: checkLora,
} as const satisfies Readonly<Record<string, Check>>;
export type Part = keyof typeof CHECKS;
export const PARTS = Object.keys(CHECKS) as readonly Part[];

/** WebGPU sums in another order and with approximate exp, tanh and division. */
const SLACK: Readonly<Record<ExecutionProvider, number>> = { cpu: 1, webgpu: 10, cuda: 10 };

/**
 * Compares everything that the reference holds. What cannot be computed, and what no check knows,
 * is a failed row.
 *
 * @param parts compare these only; tensors that no check knows are then not looked for
 */
export async function* compareAll(
  reference: Reference,
  provider: ExecutionProvider,
  parts: readonly Part[] = PARTS,
): AsyncGenerator<Row> {
  const cache = new SessionCache({ provider });
  const bench: Bench = { reference, provider, cache, slack: SLACK[provider] };
  try {
    for (const part of PARTS) if (parts.includes(part)) yield* guarded(part, CHECKS[part], bench);
  } finally {
    await cache.close();
  }
  // Parts share tensors, so a tensor that some of them leave unread may be another one's.
  if (parts.length < PARTS.length) return;
  for (const name of reference.unread()) {
    yield failedRow(name, 'no check compares this tensor');
  }
}

/** All rows of {@link compareAll}. */
export async function collectRows(
  reference: Reference,
  provider: ExecutionProvider,
  parts: readonly Part[] = PARTS,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of compareAll(reference, provider, parts)) rows.push(row);
  return rows;
}

/** A check that throws is a failed row, not the end of the run. */
async function* guarded(part: string, check: Check, bench: Bench): AsyncGenerator<Row> {
  try {
    yield* check(bench);
  } catch (error) {
    bench.reference.skip(`${part}/`);
    yield failedRow(part, (error as Error).message);
  }
}
