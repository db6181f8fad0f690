/** @file Sessions that stay open from run to run, within a bound on their memory. */
import { Graph } from '../../tensor/graph/graph.ts';
import {
  createSession,
  type ExecutionProvider,
  type Feeds,
  type Session,
  type Tensor,
} from '../../tensor/runtime/session.ts';

export interface RuntimeOptions {
  provider?: ExecutionProvider;
  threads?: number;
}

export interface SessionCacheOptions extends RuntimeOptions {
  /** Where a new session would take them all beyond this, the least recently used are closed; absent: none is. */
  limitBytes?: number;
}

/** A session that is open, or being opened. */
interface Kept {
  readonly session: Promise<Session>;
  readonly bytes: number;
  /** Runs under way. */
  runs: number;
}

/** Builds a session once for each key, and closes it when its memory is wanted or all are closed together. */
export class SessionCache {
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();
  readonly #options: RuntimeOptions;
  #limitBytes: number;

  constructor({ limitBytes = Infinity, ...options }: SessionCacheOptions = {}) {
    this.#options = options;
    this.#limitBytes = limitBytes;
  }

  /** Keys of the open sessions, least recently used first. */
  get keys(): string[] {
    return [...this.#kept.keys()];
  }

  /** What the open sessions take together. */
  get bytes(): number {
    return this.#bytesOf(this.keys);
  }

  /** Changes the bound; idle sessions beyond it are closed, least recently used first. */
  async limitTo(limitBytes: number): Promise<void> {
    this.#limitBytes = limitBytes;
    await this.#makeRoom(this.keys, limitBytes);
  }

  /** Sees to it that there is a session for a key, so that the first run takes no longer than others. */
  async open(key: string, build: (graph: Graph) => void): Promise<void> {
    await this.#open(key, build).session;
  }

  /** Runs the session of a key. */
  async run(
    key: string,
    build: (graph: Graph) => void,
    feeds: Feeds,
  ): Promise<Record<string, Tensor>> {
    const kept = this.#open(key, build);
    kept.runs++;
    try {
      return await (await kept.session).run(feeds);
    } finally {
      kept.runs--;
    }
  }

  async close(): Promise<void> {
    for (const key of this.keys) await this.#close(key);
  }

  #open(key: string, build: (graph: Graph) => void): Kept {
    const known = this.#kept.get(key);
    if (known) {
      this.#kept.delete(key);
      this.#kept.set(key, known);
      return known;
    }
    const graph = new Graph();
    build(graph);
    const bytes = graph.residentBytes();
    const kept = { session: this.#create(graph, bytes), bytes, runs: 0 };
    this.#kept.set(key, kept);
    // A session that could not be made has nothing to close.
    kept.session.catch(() => this.#kept.delete(key));
    return kept;
  }

  async #create(graph: Graph, bytes: number): Promise<Session> {
    const others = [...this.#kept.keys()];
    const create = () => createSession(graph, { ...this.#options, purpose: 'inference' });
    await this.#makeRoom(others, this.#limitBytes - bytes);
    try {
      return await create();
    } catch (error) {
      // A device may have less memory than was reckoned with.
      if ((await this.#makeRoom(others, 0)) === 0) throw error;
      return create();
    }
  }

  /**
   * Closes idle sessions, least recently used first, until the others fit.
   * @returns how many it closed
   */
  async #makeRoom(keys: readonly string[], limitBytes: number): Promise<number> {
    const idle = keys.filter((key) => this.#kept.get(key)?.runs === 0);
    let excess = this.#bytesOf(keys) - limitBytes;
    let closed = 0;
    for (const key of idle) {
      if (excess <= 0) break;
      excess -= this.#kept.get(key)!.bytes;
      await this.#close(key);
      closed++;
    }
    return closed;
  }

  #bytesOf(keys: readonly string[]): number {
    return keys.reduce((sum, key) => sum + (this.#kept.get(key)?.bytes ?? 0), 0);
  }

  async #close(key: string): Promise<void> {
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    await (await kept?.session)?.close();
  }
}
