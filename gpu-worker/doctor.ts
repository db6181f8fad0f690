/** @file `npm run doctor`: tells what this machine can do, and why not. */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { readBaseFacts } from './dreambooth/base-checkpoint.ts';
import { probeProviders } from './engine/probe-providers.ts';

const { values } = parseArgs({ options: { base: { type: 'string', default: 'models/pocket' } } });

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
console.log(
  `Node ${process.versions.node}, ${os.availableParallelism()} cores, ${gib(os.totalmem())} memory`,
);

for (const { provider, works, detail } of await probeProviders()) {
  console.log(`${works ? 'works  ' : 'missing'}  ${provider}: ${detail}`);
}

try {
  const { hash, classNouns } = readBaseFacts(values.base);
  const nouns = classNouns ? `${classNouns.length} class nouns` : 'any class noun';
  console.log(`works    base checkpoint ${values.base}: ${hash}, ${nouns}`);
} catch (error) {
  console.log(`missing  base checkpoint ${values.base}: ${(error as Error).message}`);
  process.exitCode = 1;
}
