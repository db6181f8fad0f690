/** @file Everything that crossed the wire, in order, for tests to read back. */
import type { Clock } from './clock.ts';
import type { Json } from './json.ts';

/** A file of a recorded request; its bytes are not kept. */
export interface RecordedFile {
  field: string;
  filename: string;
  contentType: string;
  sizeBytes: number;
}

/** One REST or CDN request with its answer. `status` is null when the connection was cut instead. */
export interface RestEntry {
  kind: 'rest' | 'cdn';
  seq: number;
  at: number;
  method: string;
  path: string;
  query: string;
  /** Whether an Authorization header came along; its value is not kept. */
  authorized: boolean;
  body: unknown;
  files: RecordedFile[];
  status: number | null;
  response: unknown;
  fault: string | null;
  durationMs: number;
}

/** One gateway frame, or the opening or closing of a connection. */
export interface GatewayEntry {
  kind: 'gateway';
  seq: number;
  at: number;
  direction: 'in' | 'out' | 'open' | 'close';
  op: number | null;
  event: string | null;
  data: unknown;
}

/** One line of the log. */
export type LogEntry = RestEntry | GatewayEntry;

type Unnumbered<T> = T extends LogEntry ? Omit<T, 'seq' | 'at'> : never;

/** Keeps the log. */
export interface Recorder {
  readonly entries: LogEntry[];
  /** Appends a line. @returns the line, which the caller may complete later */
  add<T extends Unnumbered<LogEntry>>(entry: T): T & { seq: number; at: number };
  clear(): void;
}

/** Oldest lines are dropped beyond this many, so that a long demo does not grow without end. */
const MAX_ENTRIES = 20_000;

/** Builds an empty log. */
export function createRecorder(clock: Clock): Recorder {
  const entries: LogEntry[] = [];
  let seq = 0;
  return {
    entries,
    add(entry) {
      seq += 1;
      const numbered = { ...entry, seq, at: clock.now() };
      entries.push(numbered as unknown as LogEntry);
      if (entries.length > MAX_ENTRIES) entries.shift();
      return numbered;
    },
    clear() {
      entries.length = 0;
    },
  };
}

/** @returns a copy of an Identify or Resume payload without the token */
export function withoutToken(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('token' in data)) return data;
  return { ...(data as Json), token: '(hidden)' };
}
