/** @file A base that stays loaded from one rendering to the next. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { PromptTokenizers } from '../diffusion/pipelines/prompts.ts';
import { SessionCache } from '../diffusion/pipelines/session-cache.ts';
import type { Checkpoint } from '../diffusion/weights/diffusers-checkpoint.ts';
import type { ExecutionProvider } from '../tensor/runtime/session.ts';
import { openBase, openBaseTokenizers } from './base-checkpoint.ts';

export interface LoadedBase {
  readonly checkpoint: Checkpoint;
  readonly tokenizers: PromptTokenizers;
  /** Stay open when a pipeline that used them is closed. */
  readonly sessions: SessionCache;
}

/** Keeps the base that was asked for last, with its sessions. */
export class BaseKeeper {
  #limitBytes: number | undefined;
  #kept: { readonly identity: string; readonly base: LoadedBase } | undefined;

  /** @param options.limitBytes what the sessions may take together; absent: no bound */
  constructor(options: { limitBytes?: number } = {}) {
    this.#limitBytes = options.limitBytes;
  }

  /**
   * Opens a base, or gives the one that is open if nothing in its folder has changed.
   * @throws {EngineRequestError} `BASE_MISSING` when the folder is not a base that can be used
   */
  async open(baseCheckpointDir: string, provider: ExecutionProvider): Promise<LoadedBase> {
    const identity = `${provider} ${baseCheckpointDir}\n${describeFolder(baseCheckpointDir)}`;
    if (this.#kept?.identity === identity) return this.#kept.base;
    await this.close();
    const checkpoint = openBase(baseCheckpointDir);
    const limitBytes = this.#limitBytes;
    const base = {
      checkpoint,
      tokenizers: openBaseTokenizers(checkpoint),
      sessions: new SessionCache({ provider, ...(limitBytes !== undefined && { limitBytes }) }),
    };
    this.#kept = { identity, base };
    return base;
  }

  /** What the open sessions take together. */
  get bytes(): number {
    return this.#kept?.base.sessions.bytes ?? 0;
  }

  /** Changes what the sessions may take together; idle ones beyond it are closed. */
  async limitTo(limitBytes: number): Promise<void> {
    this.#limitBytes = limitBytes;
    await this.#kept?.base.sessions.limitTo(limitBytes);
  }

  /** Gives all memory back. */
  async close(): Promise<void> {
    const base = this.#kept?.base;
    this.#kept = undefined;
    await base?.sessions.close();
  }
}

/** Every file with what shows that it was written again; nothing where there is no folder. */
function describeFolder(dir: string): string {
  let names: string[];
  try {
    names = readdirSync(dir, { recursive: true }) as string[];
  } catch {
    return '';
  }
  const lines = names.flatMap((name) => {
    const stat = statSync(path.join(dir, name), { throwIfNoEntry: false });
    return stat?.isFile() ? [`${name} ${stat.ino} ${stat.size} ${stat.mtimeMs}`] : [];
  });
  return lines.sort().join('\n');
}
