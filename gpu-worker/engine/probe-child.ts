/** @file Child of `probe-providers.ts`: makes the known steps on one provider, tells what came out, and ends. */

import { endWithParent } from '../subprocess/end-with-parent.ts';
import type { ExecutionProvider } from '../tensor/runtime/session.ts';
import { makeProbeSteps } from './probe-step.ts';

/** What the child tells. */
export type ProbeMessage =
  | { readonly values: readonly number[]; readonly stepMs: number }
  | { readonly error: string };

endWithParent();

async function probe(provider: ExecutionProvider): Promise<ProbeMessage> {
  try {
    return await makeProbeSteps(provider);
  } catch (error) {
    return { error: (error as Error).message };
  }
}

const message = await probe(process.argv[2] as ExecutionProvider);
process.send?.(message, () => process.exit());
