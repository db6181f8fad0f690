/** @file The bot's environment, parsed once. Nothing else in this process reads `process.env`. */
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isSharedDatabaseUrl } from '#db/client.ts';
import { defaultHubDir } from '#storage/base-checkpoint.ts';
import { parseMasterKey } from '#storage/keys.ts';
import { isAllowableHost } from '#storage/remote/fetch-remote-file.ts';
import { defaultRenditionLimits, optionRanges } from './rendition-limits.ts';

/** The small base that comes with the repository. */
const POCKET_DIR = fileURLToPath(new URL('../models/pocket', import.meta.url));

/** Compose files pass variables that nobody set as empty texts. */
const emptyIsAbsent = (value: unknown) => (value === '' ? undefined : value);
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(emptyIsAbsent, schema.optional());

const wholeNumber = ({ min, max }: { min: number; max: number }, standard: number) =>
  z.preprocess(
    emptyIsAbsent,
    z.coerce
      .number(`must be a whole number from ${min} to ${max}`)
      .refine(
        (value) => Number.isInteger(value) && value >= min && value <= max,
        `must be a whole number from ${min} to ${max}`,
      )
      .default(standard),
  );

const isUrl = (text: string, ...protocols: string[]) =>
  URL.canParse(text) && protocols.includes(new URL(text).protocol);

const isMasterKey = (text: string) => {
  try {
    parseMasterKey(text);
    return true;
  } catch {
    return false;
  }
};

/** Every variable of the bot with its rule. */
export const botConfigSchema = z.object({
  DISCORD_TOKEN: z.string('required').min(20, 'must be the bot token of the application'),
  DISCORD_APPLICATION_ID: z
    .string('required')
    .regex(/^\d{17,20}$/, 'must be the 17 to 20 digits of the application id'),
  DISCORD_API_URL: optional(
    z.string().refine((text) => isUrl(text, 'http:', 'https:'), 'must be an http(s) URL'),
  ),
  DATABASE_URL: z
    .string('required')
    .refine(
      (text) => /^(postgres(ql)?|pglite):\/\//.test(text),
      'must begin with postgres:// (or pglite:// in the embedded mode)',
    ),
  REDIS_URL: optional(
    z
      .string()
      .refine((text) => isUrl(text, 'redis:', 'rediss:'), 'must begin with redis:// or rediss://'),
  ),
  FILES_DIR: z.string('required').min(1, 'must be a folder'),
  FILES_KEY: z.string('required').refine(isMasterKey, 'must be 32 bytes in base64 (44 characters)'),
  /** Read for its list of class nouns only. */
  BASE_CHECKPOINT: z.preprocess(emptyIsAbsent, z.string().default(POCKET_DIR)),
  /** Where the worker downloads a base from the hub. */
  HUB_DIR: z.preprocess(emptyIsAbsent, z.string().default(defaultHubDir)),
  ATTACHMENT_ORIGINS: z.preprocess(
    emptyIsAbsent,
    z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((part) => part.trim())
          .filter(Boolean),
      )
      .refine(
        (hosts) => hosts.every(isAllowableHost),
        'must be host names or http://127.0.0.1:PORT, separated by commas',
      ),
  ),
  IMAGINE_MAX_COUNT: wholeNumber(optionRanges.count, defaultRenditionLimits.maxCount),
  IMAGINE_MAX_STEPS: wholeNumber(optionRanges.steps, defaultRenditionLimits.maxSteps),
  IMAGINE_MAX_OPEN: wholeNumber({ min: 1, max: 1000 }, defaultRenditionLimits.maxOpen),
  LOG_LEVEL: z.preprocess(
    emptyIsAbsent,
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  ),
});

/** See {@link botConfigSchema}. */
export type BotConfig = Readonly<z.infer<typeof botConfigSchema>>;

/** The environment breaks rules. The message names every bad variable and its rule, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses the environment.
 *
 * @throws {ConfigError} when a variable breaks its rule
 */
export function parseBotConfig(environment: NodeJS.ProcessEnv): BotConfig {
  return parse(botConfigSchema, environment);
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): Readonly<z.infer<Schema>> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return Object.freeze(parsed.data);
  const lines = parsed.error.issues.map(
    // Only our own words: a library's message might repeat the value.
    (issue) => `  ${issue.path.join('.')}: ${ruleOf(issue)}`,
  );
  throw new ConfigError(`bad environment:\n${[...new Set(lines)].join('\n')}`);
}

function ruleOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  return issue.message;
}

/** Reads the configuration of a bot that is its own process; prints what is wrong and exits with 1. */
export function readBotConfig(): BotConfig {
  return orExit(() => {
    const config = parse(botConfigSchema, process.env);
    if (!isSharedDatabaseUrl(config.DATABASE_URL)) {
      throw new ConfigError(
        'bad environment:\n  DATABASE_URL: must be postgres:// here; PGlite cannot be shared by bot and worker (npm run demo runs both in one process)',
      );
    }
    return config;
  });
}

/** Registering commands takes Discord's variables only. */
const deployConfigSchema = botConfigSchema.pick({
  DISCORD_TOKEN: true,
  DISCORD_APPLICATION_ID: true,
  DISCORD_API_URL: true,
});

/** Reads what `deploy-commands` needs; prints what is wrong and exits with 1. */
export function readDeployConfig(): Readonly<z.infer<typeof deployConfigSchema>> {
  return orExit(() => parse(deployConfigSchema, process.env));
}

function orExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
