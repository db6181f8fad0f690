/** @file The worker's environment, parsed once into a frozen object; the only reader of process.env in this process. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isSharedDatabaseUrl } from '#db/client.ts';
import { type MasterKey, parseMasterKey } from '#storage/keys.ts';

/** The small base that comes with the repository. */
const POCKET_DIR = fileURLToPath(new URL('../models/pocket', import.meta.url));

/** Devices that the engine can run on. */
export const executionProviders = ['cpu', 'webgpu', 'cuda'] as const;

/** Each variable with its rule; the rule is what a bad value's message says, never the value. */
export const workerConfigSchema = z.object({
  DATABASE_URL: z
    .string('required: postgres://…')
    .refine(isSharedDatabaseUrl, {
      error:
        'PGlite lives in one process: use postgres:// here, or start everything in one process',
      abort: true,
    })
    .regex(/^postgres(ql)?:\/\//, 'must be postgres://…'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must be redis://… or rediss://…')
    .optional(),
  FILES_DIR: z.string('required: the folder of encrypted files, the same as the bot has').min(1),
  FILES_KEY: z
    .string('required: 32 bytes in base64 (openssl rand -base64 32)')
    .refine(isMasterKey, 'must be 32 bytes in base64 (openssl rand -base64 32)'),
  BASE_CHECKPOINT: z.string().min(1).default(POCKET_DIR),
  WORK_DIR: z.string('required: a folder for running trainings and class images').min(1),
  EXECUTION_PROVIDER: z
    .enum(executionProviders, `must be one of ${executionProviders.join(', ')}`)
    .default('cpu'),
  /** An admin has read that nothing looks at the pictures before they are posted. */
  ACKNOWLEDGE_NO_OUTPUT_CLASSIFIER: z
    .enum(['true', 'false'], 'must be true or false')
    .default('false'),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace'],
      'must be one of fatal, error, warn, info, debug, trace',
    )
    .default('info'),
});

/** What {@link startWorker} must know; a process that embeds the worker makes it itself. */
export interface WorkerSettings {
  /** Folder in the diffusers layout. */
  readonly baseCheckpointDir: string;
  /** Running trainings and class images; safe to lose. */
  readonly workDir: string;
  readonly executionProvider: (typeof executionProviders)[number];
  readonly acknowledgeNoOutputClassifier: boolean;
}

/** The environment of a worker that is a process of its own. */
export interface WorkerConfig extends WorkerSettings {
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly filesDir: string;
  readonly masterKey: MasterKey;
  readonly logLevel: z.infer<typeof workerConfigSchema>['LOG_LEVEL'];
}

/** An environment that cannot be used; the message names each bad variable and its rule. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the environment. A variable that is set to nothing counts as left out.
 *
 * @throws {ConfigError} naming every bad variable
 */
export function readConfig(environment: NodeJS.ProcessEnv): WorkerConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const parsed = workerConfigSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`gpu-worker: bad environment\n${lines.join('\n')}`);
  }
  const values = parsed.data;
  return Object.freeze({
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    filesDir: path.resolve(values.FILES_DIR),
    masterKey: parseMasterKey(values.FILES_KEY),
    baseCheckpointDir: path.resolve(values.BASE_CHECKPOINT),
    workDir: path.resolve(values.WORK_DIR),
    executionProvider: values.EXECUTION_PROVIDER,
    acknowledgeNoOutputClassifier: values.ACKNOWLEDGE_NO_OUTPUT_CLASSIFIER === 'true',
    logLevel: values.LOG_LEVEL,
  });
}

function isMasterKey(text: string): boolean {
  try {
    parseMasterKey(text);
    return true;
  } catch {
    return false;
  }
}
