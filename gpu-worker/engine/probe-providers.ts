/** @file Tries each execution provider on a training with a known result, in a child that may crash or hang. */
import { fileURLToPath } from 'node:url';
import { forkChild } from '../subprocess/fork-child.ts';
import { EXECUTION_PROVIDERS, type ExecutionProvider } from '../tensor/runtime/providers.ts';
import { explainFailure } from './explain-failure.ts';
import type { ProbeMessage } from './probe-child.ts';
import { KNOWN_RESULT, PROBE_TOLERANCE } from './probe-result.ts';

export interface ProviderReport {
  readonly provider: ExecutionProvider;
  readonly works: boolean;
  /** Time of a step, or why it does not work. */
  readonly detail: string;
  /** What to do about it, where that is known. */
  readonly advice?: string;
}

const CHILD_PATH = fileURLToPath(new URL('./probe-child.ts', import.meta.url));
/** A software driver takes seconds to translate the kernels; what takes minutes hangs. */
const TIMEOUT_MS = 120_000;

/** What became of a child: its message, or its end without one; and what was written to stderr. */
export interface ProbeOutcome {
  readonly message?: ProbeMessage;
  readonly end?: string;
  readonly stderr: string;
}

/** @returns one report for each provider that a configuration can name */
export async function probeProviders(): Promise<ProviderReport[]> {
  const reports: ProviderReport[] = [];
  for (const provider of EXECUTION_PROVIDERS) reports.push(await probeProvider(provider));
  return reports;
}

/** @param options.childPath another child, for tests */
export async function probeProvider(
  provider: ExecutionProvider,
  options: { childPath?: string; timeoutMs?: number } = {},
): Promise<ProviderReport> {
  const { childPath = CHILD_PATH, timeoutMs = TIMEOUT_MS } = options;
  const { message, end, stderr } = await runChild(childPath, provider, timeoutMs);
  if (!message || 'error' in message) {
    const error = message?.error ?? end ?? 'its process ended without a word';
    return { provider, works: false, ...explainFailure(provider, error, stderr) };
  }
  const off = message.values.findIndex(
    (value, i) => !(Math.abs(value / KNOWN_RESULT[i]! - 1) <= PROBE_TOLERANCE[provider]),
  );
  if (off === -1) {
    const detail = `three training steps with the known result, ${message.stepMs.toFixed(1)} ms the last`;
    return { provider, works: true, detail };
  }
  const [wrong, right] = [message.values[off], KNOWN_RESULT[off]];
  return {
    provider,
    works: false,
    detail: `it computes something else: ${wrong} instead of ${right}`,
    advice: 'Update the graphics driver; do not train on it as it is.',
  };
}

function runChild(
  childPath: string,
  provider: ExecutionProvider,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const child = forkChild(childPath, [provider]);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-10_000);
  });
  return new Promise((resolve) => {
    let message: ProbeMessage | undefined;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.once('message', (received) => {
      message = received as ProbeMessage;
      // A driver may hang while the process ends.
      setTimeout(() => child.kill('SIGKILL'), 5_000).unref();
    });
    child.once('error', (error) => resolve({ end: error.message, stderr }));
    // After exit and after the last of stderr.
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const end = isLate
        ? `no answer within ${timeoutMs / 1000} s`
        : `its process ended with ${signal ?? `code ${code}`}`;
      resolve(message ? { message, stderr } : { end, stderr });
    });
  });
}
