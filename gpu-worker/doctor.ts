/**
 * @file `npm run doctor [-- --base FOLDER_OR_HUB_ID] [--download]`: tells what this machine can do, and why not. The base
 * is what BASE_CHECKPOINT says; one from the hub is downloaded only when asked for. Exits 1 when EXECUTION_PROVIDER or
 * the base cannot be used.
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { createLogger } from '#db/logger.ts';
import { bringBase } from './bring-base.ts';
import { type BaseConfig, readBaseConfig, readExecutionProvider } from './config.ts';
import { readBaseFacts } from './dreambooth/base-checkpoint.ts';
import { probeProviders } from './engine/probe-providers.ts';
import { previewDownload } from './hub/download-checkpoint.ts';

const { values } = parseArgs({
  options: { base: { type: 'string' }, download: { type: 'boolean', default: false } },
});

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
console.log(
  `Node ${process.versions.node}, ${os.availableParallelism()} cores, ${gib(os.totalmem())} memory`,
);

try {
  await examineProviders();
} catch (error) {
  console.log(`missing  provider: ${(error as Error).message}`);
  process.exitCode = 1;
}
try {
  console.log(await examineBase());
} catch (error) {
  console.log(`missing  base checkpoint: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function examineProviders(): Promise<void> {
  const chosen = readExecutionProvider(process.env);
  for (const { provider, works, detail, advice } of await probeProviders()) {
    const mark = provider === chosen ? ' (EXECUTION_PROVIDER)' : '';
    console.log(`${works ? 'works  ' : 'missing'}  ${provider}${mark}: ${detail}`);
    if (advice) console.log(`         ${advice}`);
    if (provider === chosen && !works) process.exitCode = 1;
  }
}

async function examineBase(): Promise<string> {
  const config = readBaseConfig({
    ...process.env,
    ...(values.base !== undefined && { BASE_CHECKPOINT: values.base }),
  });
  if (values.download) await bringBase(config, createLogger({ base: null }));
  const toCome = values.download ? undefined : await examineHub(config);
  if (toCome !== undefined) {
    process.exitCode = 1;
    return toCome;
  }
  const { hash, classNouns } = readBaseFacts(config.base.dir);
  const nouns = classNouns ? `${classNouns.length} class nouns` : 'any class noun';
  return `works    base checkpoint ${config.base.dir}: ${hash}, ${nouns}`;
}

/** @returns what is still to be downloaded; undefined where the base lies in its folder */
async function examineHub({ base, hub }: BaseConfig): Promise<string | undefined> {
  if (!base.hubId) return undefined;
  const { repo, revision } = base.hubId;
  const signal = AbortSignal.timeout(60_000);
  const preview = await previewDownload({ hub, repo, revision, dir: base.dir, signal });
  if (!preview) return undefined;
  const { commit, fileCount, totalBytes } = preview;
  return (
    `missing  base checkpoint ${repo}@${revision}: ${fileCount} files, ${gib(totalBytes)} of commit ${commit} ` +
    `are to come from ${hub.endpoint}: start the worker, or npm run doctor -- --download`
  );
}
