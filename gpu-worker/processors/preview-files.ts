/** @file Previews of one attempt, stored for its row's progress; the newest and the one before it are kept. */
import type { Store } from '#storage/store.ts';
import { StoredFiles } from './stored-files.ts';

/** See the file's head. */
export class PreviewFiles {
  readonly #store: Store;
  readonly #dataKey: Uint8Array;
  readonly #onError: (error: Error) => void;
  /** Oldest first, at most two: somebody may be reading the one before the newest. */
  readonly #kept: StoredFiles[] = [];
  #newest: string | undefined;
  #adding: Promise<void> = Promise.resolve();

  /**
   * @param dataKey the asker's wrapped key
   * @param onError hears of previews that could not be stored, which are left out
   */
  constructor(store: Store, dataKey: Uint8Array, onError: (error: Error) => void) {
    this.#store = store;
    this.#dataKey = dataKey;
    this.#onError = onError;
  }

  /** Storage ids for the row's progress. */
  get fileIds(): string[] {
    return this.#newest === undefined ? [] : [this.#newest];
  }

  /** Stores a preview, after those before it. */
  add(file: string): void {
    this.#adding = this.#adding.then(() => this.#add(file)).catch(this.#onError);
  }

  /** Deletes them all: the row is over, or another attempt begins. */
  async removeAll(): Promise<void> {
    await this.#adding;
    for (const stored of this.#kept.splice(0)) await stored.removeAll();
  }

  async #add(file: string): Promise<void> {
    const stored = new StoredFiles(this.#store, this.#dataKey);
    this.#newest = await stored.add(file);
    this.#kept.push(stored);
    if (this.#kept.length > 2) await this.#kept.shift()?.removeAll();
  }
}
