/** @file Child of `remote-session.ts`: opens one graph and runs it whenever it is asked to. */
import { openSync } from 'node:fs';
import { endWithParent } from '../../subprocess/end-with-parent.ts';
import { readArrays, writeArrays } from './array-file.ts';
import type { RemoteReply, RemoteSetup } from './remote-session.ts';
import { type Feeds, openResident, type ResidentTensor, residentFrom } from './session.ts';

endWithParent();

type Run = (feeds: Feeds) => Promise<RemoteReply>;

async function open({ modelFile, stateFile, keptFile, state, kept, threads }: RemoteSetup) {
  const session = await openResident(
    modelFile,
    { purpose: 'training', ...(threads !== undefined && { threads }) },
    kept.map(({ name }) => name),
  );
  const input = openSync(stateFile, 'r');
  const output = openSync(keptFile, 'r+');
  const arrays = state.map(({ size }) => new Float32Array(size));
  const tensors: Record<string, ResidentTensor> = Object.fromEntries(
    state.map(({ name }, i) => [name, residentFrom(arrays[i]!)]),
  );
  const run: Run = async (feeds) => {
    readArrays(input, arrays);
    const { results, kept: left } = await session.run(feeds, tensors);
    writeArrays(
      output,
      kept.map(({ name }) => left[name]!.data),
    );
    for (const tensor of Object.values(left)) tensor.release();
    return { results };
  };
  return run;
}

let opened: Promise<Run> | undefined;

async function answer(message: RemoteSetup | Feeds): Promise<RemoteReply> {
  try {
    if (opened) return await (await opened)(message as Feeds);
    opened = open(message as RemoteSetup);
    await opened;
    return { results: {} };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

process.on('message', async (message) => {
  const reply = await answer(message as RemoteSetup | Feeds);
  process.send?.(reply);
});
