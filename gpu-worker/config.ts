/** @file The worker's environment, parsed once into a frozen object; the only reader of process.env in this process. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isSharedDatabaseUrl } from '#db/client.ts';
import {
  type BaseCheckpoint,
  defaultHubDir,
  locateBaseCheckpoint,
} from '#storage/base-checkpoint.ts';
import { type MasterKey, parseMasterKey } from '#storage/keys.ts';
import { providerSchema } from './dreambooth/requests.ts';

/** The small base that comes with the repository. */
const POCKET_DIR = fileURLToPath(new URL('../models/pocket', import.meta.url));

/** Pocket's judges, which come with the repository once they are trained. */
export const POCKET_JUDGES_DIR = fileURLToPath(new URL('../models/judges', import.meta.url));

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
  /** A folder in the diffusers layout, or `owner/name[@revision]` at the hub. */
  BASE_CHECKPOINT: z.string().min(1).default(POCKET_DIR),
  /** Checkpoints from the hub; the same folder as the bot has. */
  HUB_DIR: z.string().min(1).default(defaultHubDir),
  HF_ENDPOINT: z
    .string()
    .refine(isPlainUrl, 'must be an http(s) URL without a user, a query or a path')
    .default('https://huggingface.co'),
  /** Weights to take before others where a repository has them. */
  HF_VARIANT: z.enum(['', 'fp16'], 'must be fp16 or left out').default(''),
  /** For gated and private repositories. */
  HF_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'must be an access token of the hub, without spaces')
    .optional(),
  WORK_DIR: z.string('required: a folder for running trainings and class images').min(1),
  /** ONNX files of the judges that score what other bases than pocket have learned. */
  PAPER_JUDGES_DIR: z.string().default(''),
  EXECUTION_PROVIDER: z
    .enum(providerSchema.options, `must be one of ${providerSchema.options.join(', ')}`)
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

/** The variables that say which base is used and where it comes from. */
const baseConfigSchema = workerConfigSchema.pick({
  BASE_CHECKPOINT: true,
  HUB_DIR: true,
  HF_ENDPOINT: true,
  HF_TOKEN: true,
  HF_VARIANT: true,
});

/** The base, and the hub that it may have to be downloaded from. */
export interface BaseConfig {
  readonly base: BaseCheckpoint;
  readonly hub: {
    readonly endpoint: string;
    readonly token: string | undefined;
    readonly variant: 'fp16' | undefined;
  };
}

/** What {@link startWorker} must know; a process that embeds the worker makes it itself. */
export interface WorkerSettings {
  /** Folder in the diffusers layout. */
  readonly baseCheckpointDir: string;
  /** Running trainings and class images; safe to lose. */
  readonly workDir: string;
  /** Folders of the judges that score a training's candidates; `paperDir` absent: only pocket's can. */
  readonly judges: { readonly pocketDir: string; readonly paperDir?: string };
  readonly executionProvider: z.infer<typeof providerSchema>;
  readonly acknowledgeNoOutputClassifier: boolean;
  /** Least time between two previews of a rendering; absent: as often as they can be shown. */
  readonly previewEveryMs?: number;
}

/** The environment of a worker that is a process of its own. */
export interface WorkerConfig extends WorkerSettings, BaseConfig {
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
  const values = parse(workerConfigSchema, environment);
  const { base, hub } = toBaseConfig(values);
  return Object.freeze({
    base,
    hub,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    filesDir: path.resolve(values.FILES_DIR),
    masterKey: parseMasterKey(values.FILES_KEY),
    baseCheckpointDir: base.dir,
    workDir: path.resolve(values.WORK_DIR),
    judges: {
      pocketDir: POCKET_JUDGES_DIR,
      ...(values.PAPER_JUDGES_DIR !== '' && { paperDir: path.resolve(values.PAPER_JUDGES_DIR) }),
    },
    executionProvider: values.EXECUTION_PROVIDER,
    acknowledgeNoOutputClassifier: values.ACKNOWLEDGE_NO_OUTPUT_CLASSIFIER === 'true',
    logLevel: values.LOG_LEVEL,
  });
}

/**
 * Reads of the environment only what concerns the base.
 *
 * @throws {ConfigError} naming every bad variable
 */
export function readBaseConfig(environment: NodeJS.ProcessEnv): BaseConfig {
  return toBaseConfig(parse(baseConfigSchema, environment));
}

/**
 * Reads of the environment only where the engine is to run.
 *
 * @throws {ConfigError} naming the bad variable
 */
export function readExecutionProvider(
  environment: NodeJS.ProcessEnv,
): WorkerSettings['executionProvider'] {
  return parse(workerConfigSchema.pick({ EXECUTION_PROVIDER: true }), environment)
    .EXECUTION_PROVIDER;
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): z.infer<Schema> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`gpu-worker: bad environment\n${lines.join('\n')}`);
}

function toBaseConfig(values: z.infer<typeof baseConfigSchema>): BaseConfig {
  return {
    base: locateBaseCheckpoint(values.BASE_CHECKPOINT, values.HUB_DIR),
    hub: {
      endpoint: new URL(values.HF_ENDPOINT).origin,
      token: values.HF_TOKEN,
      variant: values.HF_VARIANT || undefined,
    },
  };
}

/** A mirror below a path would have to answer the hub's own absolute redirects. */
function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, pathname, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && username + search + hash === '' && pathname === '/';
}

function isMasterKey(text: string): boolean {
  try {
    parseMasterKey(text);
    return true;
  } catch {
    return false;
  }
}
