/**
 * @file The format of a stored file: a 64-byte header, then 4 MiB chunks, each sealed with AES-256-GCM.
 *
 * ```
 * header  magic "RNDF" 4 | version 1 | log2 of the chunk size 1 | zeros 10 | key id 16 | file id 16 | nonce 16
 * chunk   ciphertext (chunk size, the last one shorter) | tag 16
 * ```
 *
 * Each file has a key of its own, derived from the owner's data key and the header's random nonce, so chunk nonces
 * are plain counters. The last chunk's nonce carries a flag: a file cut at a chunk border does not open. Every chunk
 * authenticates the whole header, so a file cannot be passed off as another.
 *
 * @see Hoang, Reyhanitabar, Rogaway, Vizár 2015, "Online Authenticated-Encryption and its Nonce-Reuse
 *   Misuse-Resistance" (STREAM), https://eprint.iacr.org/2015/189
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { DataKey } from './keys.ts';
import { bytesToUuid, uuidToBytes } from './uuid.ts';

/** Bytes before the first chunk. */
export const HEADER_BYTES = 64;
/** Plain bytes in each chunk but the last. 4 MiB: big enough that tags cost nothing, small enough to hold in memory. */
export const CHUNK_BYTES = 2 ** 22;
/** Sealed bytes in each chunk but the last. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + 16;

const MAGIC = Buffer.from('RNDF', 'ascii');
const VERSION = 1;
const CHUNK_LOG2 = 22;
const TAG_BYTES = 16;

/** What can be wrong with a stored file. */
export type FileErrorCode =
  | 'FILE_ID_INVALID'
  | 'FILE_NOT_FOUND'
  | 'FILE_WRONG_KEY'
  | 'FILE_DAMAGED';

/** A stored file that cannot be read. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Seals the chunks of one new file. */
export type Sealer = {
  readonly header: Buffer;
  /** @param chunk `CHUNK_BYTES` plain bytes, or fewer in the last chunk */
  seal(chunk: Uint8Array, index: number, isLast: boolean): Buffer;
};

/** Opens the chunks of one stored file. */
export type Opener = {
  /** Plain bytes in the whole file. */
  readonly sizeBytes: number;
  readonly chunkCount: number;
  /** @throws {FileError} `FILE_DAMAGED` when the chunk, the header or the order was altered */
  open(sealed: Uint8Array, index: number): Buffer;
};

/** Starts a new file: draws its nonce, derives its key, writes its header. */
export function createSealer(dataKey: DataKey, fileId: string): Sealer {
  const header = Buffer.concat([
    MAGIC,
    Buffer.of(VERSION, CHUNK_LOG2),
    Buffer.alloc(10),
    uuidToBytes(dataKey.keyId),
    uuidToBytes(fileId),
    randomBytes(16),
  ]);
  const fileKey = deriveFileKey(dataKey, header);
  return {
    header,
    seal(chunk, index, isLast) {
      const cipher = createCipheriv('aes-256-gcm', fileKey, chunkNonce(index, isLast));
      cipher.setAAD(header);
      return Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    },
  };
}

/**
 * Reads the header of a stored file.
 *
 * @param header the file's first `HEADER_BYTES` bytes, or fewer where the file is shorter
 * @param storedBytes size of the whole stored file
 * @throws {FileError} `FILE_WRONG_KEY` when another data key encrypted it, `FILE_DAMAGED` when it is no such file
 */
export function createOpener(
  header: Buffer,
  storedBytes: number,
  dataKey: DataKey,
  fileId: string,
): Opener {
  const sealedBytes = storedBytes - HEADER_BYTES;
  if (sealedBytes < TAG_BYTES || !header.subarray(0, 4).equals(MAGIC)) {
    throw new FileError('FILE_DAMAGED', `file ${fileId}: this is not an encrypted file of ours`);
  }
  if (header[4] !== VERSION || header[5] !== CHUNK_LOG2) {
    throw new FileError(
      'FILE_DAMAGED',
      `file ${fileId}: format version ${header[4]}, chunk size 2^${header[5]}; this program reads version ${VERSION}, 2^${CHUNK_LOG2}`,
    );
  }
  const keyId = bytesToUuid(header.subarray(16, 32));
  if (keyId !== dataKey.keyId) {
    throw new FileError(
      'FILE_WRONG_KEY',
      `file ${fileId} is encrypted with data key ${keyId}, not ${dataKey.keyId}`,
    );
  }
  if (!header.subarray(32, 48).equals(uuidToBytes(fileId))) {
    throw new FileError('FILE_DAMAGED', `file ${fileId}: its header names another file`);
  }
  const chunkCount = Math.ceil(sealedBytes / SEALED_CHUNK_BYTES);
  const sizeBytes = sealedBytes - chunkCount * TAG_BYTES;
  const fileKey = deriveFileKey(dataKey, header);
  return {
    sizeBytes,
    chunkCount,
    open(sealed, index) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const nonce = chunkNonce(index, index === chunkCount - 1);
      try {
        const decipher = createDecipheriv('aes-256-gcm', fileKey, nonce, {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(header).setAuthTag(bytes.subarray(-TAG_BYTES));
        const plain = decipher.update(bytes.subarray(0, -TAG_BYTES));
        decipher.final();
        return plain;
      } catch (cause) {
        throw new FileError(
          'FILE_DAMAGED',
          `file ${fileId}: chunk ${index + 1} of ${chunkCount} does not authenticate; the file was altered or cut, or the key is wrong`,
          { cause },
        );
      }
    },
  };
}

function deriveFileKey(dataKey: DataKey, header: Buffer): Buffer {
  const nonce = header.subarray(48);
  return Buffer.from(hkdfSync('sha256', dataKey.key, nonce, 'rendition file v1', 32));
}

/** `zeros 7 | counter 4, big-endian | last-chunk flag 1`: unique within the file's own key. */
function chunkNonce(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}
