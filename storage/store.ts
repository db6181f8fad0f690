/** @file Where bytes live: encrypted files under ids, in a local folder. Another kind of store keeps the same `Store`. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import {
  CHUNK_BYTES,
  createOpener,
  createSealer,
  FileError,
  HEADER_BYTES,
  type Opener,
  SEALED_CHUNK_BYTES,
} from './encrypted-file.ts';
import { type DataKey, type MasterKey, unwrapDataKey, type WrappedDataKey } from './keys.ts';
import { isUuid } from './uuid.ts';

export { FileError, type FileErrorCode } from './encrypted-file.ts';

/** An owner's key: the wrapped bytes of the user's row, what `createDataKey` gave, or a key already unwrapped. */
export type OwnerKey = Uint8Array | WrappedDataKey | DataKey;

/** Bytes by id, each encrypted with its owner's data key. Ids are UUIDs that the store draws. */
export type Store = {
  /**
   * Stores bytes. When it returns they survive a power cut.
   *
   * @returns the new file's id
   */
  put(bytes: Uint8Array, options: { ownerDataKey: OwnerKey }): Promise<string>;
  /** Stores a file of any size, 4 MiB in memory at a time. The file itself is left alone. */
  putFile(sourcePath: string, options: { ownerDataKey: OwnerKey }): Promise<string>;
  /**
   * Reads a whole file into memory.
   *
   * @throws {FileError} `FILE_NOT_FOUND`, `FILE_WRONG_KEY`, `FILE_DAMAGED`, `FILE_ID_INVALID`
   */
  get(fileId: string, dataKey: OwnerKey): Promise<Buffer>;
  /**
   * Writes a file's plain bytes to `targetPath` (mode 0600), 4 MiB in memory at a time. The path appears only when
   * every byte has been authenticated.
   *
   * @throws {FileError} as {@link Store.get}
   */
  getToFile(fileId: string, dataKey: OwnerKey, targetPath: string): Promise<void>;
  /** Removes a file; removing one that is not there is no error. */
  delete(fileId: string): Promise<void>;
};

/** Unfinished files older than this belong to a process that died: no write takes a day. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * Opens the store in a local folder, making the folder (mode 0700) where it is missing. Several processes may hold the
 * same folder open.
 *
 * @param options.dir `FILES_DIR`
 * @param options.keys the master key that unwraps the owners' data keys
 */
export async function openStore(options: { dir: string; keys: MasterKey }): Promise<Store> {
  const { dir, keys } = options;
  const incoming = path.join(dir, 'incoming');
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  await removeAbandoned(incoming);

  const toDataKey = (key: OwnerKey): DataKey => ('key' in key ? key : unwrapDataKey(keys, key));

  const store = async (source: ByteSource, ownerDataKey: OwnerKey): Promise<string> => {
    const dataKey = toDataKey(ownerDataKey);
    const fileId = randomUUID();
    const target = pathOf(dir, fileId);
    const draft = path.join(incoming, `${fileId}.part`);
    try {
      const file = await open(draft, 'wx', 0o600);
      try {
        await writeSealed(file, source, dataKey, fileId);
        await file.sync();
      } finally {
        await file.close();
      }
      await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
      await rename(draft, target);
      await syncFolder(path.dirname(target));
      await syncFolder(dir);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    return fileId;
  };

  return {
    put(bytes, { ownerDataKey }) {
      const read = async (offset: number, length: number): Promise<Uint8Array> =>
        bytes.subarray(offset, offset + length);
      return store({ sizeBytes: bytes.byteLength, read }, ownerDataKey);
    },

    async putFile(sourcePath, { ownerDataKey }) {
      const source = await open(sourcePath, 'r');
      try {
        const { size } = await source.stat();
        const read = async (offset: number, length: number): Promise<Uint8Array> =>
          await readExactly(source, offset, length, sourcePath);
        return await store({ sizeBytes: size, read }, ownerDataKey);
      } finally {
        await source.close();
      }
    },

    async get(fileId, dataKey) {
      return await withStored(dir, fileId, toDataKey(dataKey), async (opener, readChunk) => {
        const plain = Buffer.allocUnsafe(opener.sizeBytes);
        for (let index = 0; index < opener.chunkCount; index++) {
          (await readChunk(index)).copy(plain, index * CHUNK_BYTES);
        }
        return plain;
      });
    },

    async getToFile(fileId, dataKey, targetPath) {
      const draft = `${targetPath}.${randomUUID()}.part`;
      await withStored(dir, fileId, toDataKey(dataKey), async (opener, readChunk) => {
        try {
          const file = await open(draft, 'wx', 0o600);
          try {
            for (let index = 0; index < opener.chunkCount; index++) {
              await writeAll(file, await readChunk(index));
            }
          } finally {
            await file.close();
          }
          await rename(draft, targetPath);
        } catch (error) {
          await rm(draft, { force: true });
          throw error;
        }
      });
    },

    async delete(fileId) {
      const target = pathOf(dir, fileId);
      try {
        await unlink(target);
      } catch (error) {
        if (isMissing(error)) return;
        throw error;
      }
      await syncFolder(path.dirname(target));
    },
  };
}

type ByteSource = {
  sizeBytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
};

/** 256 subfolders by the id's first two digits, so that no folder grows without bound. */
function pathOf(dir: string, fileId: string): string {
  if (!isUuid(fileId)) {
    throw new FileError('FILE_ID_INVALID', 'file id: expected a lower-case UUID');
  }
  return path.join(dir, fileId.slice(0, 2), fileId);
}

async function writeSealed(
  file: FileHandle,
  source: ByteSource,
  dataKey: DataKey,
  fileId: string,
): Promise<void> {
  const sealer = createSealer(dataKey, fileId);
  await writeAll(file, sealer.header);
  const chunkCount = Math.max(1, Math.ceil(source.sizeBytes / CHUNK_BYTES));
  for (let index = 0; index < chunkCount; index++) {
    const offset = index * CHUNK_BYTES;
    const chunk = await source.read(offset, Math.min(CHUNK_BYTES, source.sizeBytes - offset));
    await writeAll(file, sealer.seal(chunk, index, index === chunkCount - 1));
  }
}

async function withStored<Result>(
  dir: string,
  fileId: string,
  dataKey: DataKey,
  use: (opener: Opener, readChunk: (index: number) => Promise<Buffer>) => Promise<Result>,
): Promise<Result> {
  const storedPath = pathOf(dir, fileId);
  let file: FileHandle;
  try {
    file = await open(storedPath, 'r');
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new FileError('FILE_NOT_FOUND', `file ${fileId} is not in the store`, { cause: error });
  }
  try {
    const { size } = await file.stat();
    const header = await readExactly(file, 0, Math.min(size, HEADER_BYTES), storedPath);
    const opener = createOpener(header, size, dataKey, fileId);
    return await use(opener, async (index) => {
      const offset = HEADER_BYTES + index * SEALED_CHUNK_BYTES;
      const length = Math.min(SEALED_CHUNK_BYTES, size - offset);
      return opener.open(await readExactly(file, offset, length, storedPath), index);
    });
  } finally {
    await file.close();
  }
}

async function readExactly(
  file: FileHandle,
  offset: number,
  length: number,
  name: string,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw new Error(`${name} shrank while it was being read`);
    filled += bytesRead;
  }
  return bytes;
}

/** `FileHandle.write` may write fewer bytes than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    written += (await file.write(bytes, written)).bytesWritten;
  }
}

/** Makes a rename or an unlink durable. Windows cannot open folders, and needs no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeAbandoned(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const draft = path.join(incoming, name);
    const age = await stat(draft).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > ABANDONED_AFTER_MS) await rm(draft, { force: true });
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
