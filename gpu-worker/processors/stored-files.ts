/** @file Files that an attempt has put into storage and that belong to nobody until its outcome is written. */
import type { Store } from '#storage/store.ts';

/** See the file's head. */
export class StoredFiles {
  readonly #store: Store;
  readonly #dataKey: Uint8Array;
  readonly #ids: string[] = [];

  /** @param dataKey the owner's wrapped key */
  constructor(store: Store, dataKey: Uint8Array) {
    this.#store = store;
    this.#dataKey = dataKey;
  }

  /** Encrypts a file into storage; @returns its id. */
  async add(file: string): Promise<string> {
    const id = await this.#store.putFile(file, { ownerDataKey: this.#dataKey });
    this.#ids.push(id);
    return id;
  }

  /** The same for several, in order. */
  async addAll(files: readonly string[]): Promise<string[]> {
    const ids: string[] = [];
    for (const file of files) ids.push(await this.add(file));
    return ids;
  }

  /** Takes all back: the outcome was not written. */
  async removeAll(): Promise<void> {
    for (const id of this.#ids.splice(0)) await this.#store.delete(id);
  }
}
