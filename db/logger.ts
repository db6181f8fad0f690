/** @file The log of both processes: JSON lines. Errors are told without what their requests and queries carried. */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** Builds it. @param destination standard output by default */
export function createLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  return pino({ ...options, serializers: { err: tellError } }, destination);
}

/**
 * What else an error says of where and why. All other fields stay out: the library's errors hold whole requests, with
 * prompts and decrypted pictures in them.
 */
const toldFields = [
  'code',
  'status',
  'method',
  'errno',
  'syscall',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
] as const;

/** Causes of causes beyond this many are left out. */
const MAX_DEPTH = 5;

/** @returns an error as a log may have it */
export function tellError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const message = withoutValues(error.message);
  const { cause, url, errors } = error as { cause?: unknown; url?: unknown; errors?: unknown };
  const within = (each: unknown) => tellError(each, depth + 1);
  const isDeep = depth >= MAX_DEPTH;
  return {
    type: error.constructor.name,
    message,
    stack: error.stack?.replace(error.message, () => message),
    ...Object.fromEntries(
      toldFields.flatMap((field) => {
        const value: unknown = Reflect.get(error, field);
        return typeof value === 'string' || typeof value === 'number' ? [[field, value]] : [];
      }),
    ),
    ...(typeof url === 'string' && { url: withoutToken(url) }),
    ...(cause !== undefined && !isDeep && { cause: within(cause) }),
    ...(Array.isArray(errors) && !isDeep && { errors: errors.map(within) }),
  };
}

/** A failed query names its values after its text. */
const withoutValues = (message: string) => message.replace(/\nparams: .*/s, '');

/** Whoever has an interaction's token can answer in our name, and whoever has a file's signature can fetch it. */
const withoutToken = (url: string) =>
  url.replace(/\?.*/s, '').replace(/(\/(?:webhooks|interactions)\/\d+\/)[^/]+/, '$1…');
