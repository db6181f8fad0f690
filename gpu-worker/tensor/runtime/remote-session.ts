/** @file A session that runs in a process of its own, beside this one's sessions. */
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { forkChild } from '../../subprocess/fork-child.ts';
import type { Graph } from '../graph/graph.ts';
import { readArrays, writeArrays } from './array-file.ts';
import {
  encodeResident,
  type Feeds,
  type ResidentSession,
  type ResidentTensor,
  residentFrom,
  type Tensor,
} from './session.ts';

/** What the child is told when it starts. */
export interface RemoteSetup {
  readonly modelFile: string;
  /** Float32 arrays one after the other: what stays on this side goes in, what stays there comes out. */
  readonly stateFile: string;
  readonly keptFile: string;
  readonly state: readonly FlatTensor[];
  readonly kept: readonly FlatTensor[];
  readonly threads: number | undefined;
}
export interface FlatTensor {
  readonly name: string;
  readonly size: number;
}

/** What the child says when it is ready, and after each run. */
export type RemoteReply = { readonly results: Record<string, Tensor> } | { readonly error: string };

const childPath = fileURLToPath(new URL('./remote-session-child.ts', import.meta.url));

/**
 * Opens a session in a process of its own, on the CPU: small operators do not fill several cores, several sessions do.
 * State goes through files, since a channel takes ten times as long.
 *
 * @param state the flat float32 inputs that `run` is given as state
 * @param kept the outputs that stay; they are valid until the next run
 * @throws {Error} when the child cannot open the graph, or dies
 */
export async function openRemoteSession(
  graph: Graph,
  options: { readonly threads?: number | undefined },
  state: readonly FlatTensor[],
  kept: readonly FlatTensor[],
): Promise<ResidentSession> {
  const dir = mkdtempSync(path.join(tmpdir(), 'rendition-session-'));
  const setup: RemoteSetup = {
    modelFile: path.join(dir, 'model.onnx'),
    stateFile: path.join(dir, 'state.bin'),
    keptFile: path.join(dir, 'kept.bin'),
    state,
    kept,
    threads: options.threads,
  };
  writeFileSync(setup.modelFile, encodeResident(graph));
  const files = [setup.stateFile, setup.keptFile].map((file) => openSync(file, 'w+'));
  const [stateFile, keptFile] = files as [number, number];
  const child = forkChild(childPath, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const close = async () => {
    child.kill('SIGKILL');
    for (const file of files) closeSync(file);
    rmSync(dir, { recursive: true });
  };
  try {
    await ask(child, setup);
    const arrays = kept.map(({ size }) => new Float32Array(size));
    const residents = Object.fromEntries(
      kept.map(({ name }, i) => [name, residentFrom(arrays[i]!)]),
    );
    return {
      async run(feeds: Feeds, tensors: Readonly<Record<string, ResidentTensor>>) {
        writeArrays(
          stateFile,
          state.map(({ name }) => tensors[name]!.data),
        );
        const results = await ask(child, feeds);
        readArrays(keptFile, arrays);
        return { results, kept: residents };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Sends a message and waits for the reply. */
function ask(child: ChildProcess, message: RemoteSetup | Feeds): Promise<Record<string, Tensor>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      act();
    };
    const onMessage = (reply: unknown) => {
      const known = reply as RemoteReply;
      settle(() => ('error' in known ? reject(new Error(known.error)) : resolve(known.results)));
    };
    const onExit = (code: number | null, signal: string | null) =>
      settle(() => reject(new Error(`the process of a session ended with ${signal ?? code}`)));
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.send(message, (error) => {
      if (!error) return;
      const { exitCode, signalCode } = child;
      if (exitCode !== null || signalCode !== null) onExit(exitCode, signalCode);
      // A process that is about to end closes its channel first: why it ended is heard with its exit.
      else if (!isClosed(error)) settle(() => reject(error));
    });
  });
}

const isClosed = (error: NodeJS.ErrnoException): boolean =>
  ['EPIPE', 'ECONNRESET', 'ERR_IPC_CHANNEL_CLOSED'].includes(error.code ?? '');
