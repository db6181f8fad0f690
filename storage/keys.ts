/** @file The keys behind `FILES_KEY`: one master key wraps one data key a user. Knows no database and no files of users. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import { link, mkdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bytesToUuid, uuidToBytes } from './uuid.ts';

/** The deployment's key. Its bytes stay inside a `KeyObject`, so that it never prints. */
export type MasterKey = {
  /** 16 hex digits that tell two master keys apart without revealing either. */
  readonly id: string;
  readonly key: KeyObject;
};

/** A user's unwrapped key: lives in memory for as long as one piece of work needs it. */
export type DataKey = {
  /** UUID, written in the header of every file that this key encrypts. */
  readonly keyId: string;
  readonly key: KeyObject;
};

/** A data key as it is stored in the user's row. `wrapped` holds both ids too, so it alone is enough to unwrap. */
export type WrappedDataKey = {
  /** Id of the data key itself; re-wrapping keeps it. */
  readonly keyId: string;
  /** Id of the master key that wraps it: what a rotation selects by. */
  readonly masterKeyId: string;
  /** `version 1 | key id 16 | master key id 8 | nonce 12 | encrypted key 32 | tag 16`, 85 bytes. */
  readonly wrapped: Buffer;
};

/** What can be wrong with a key. */
export type KeyErrorCode = 'KEY_MALFORMED' | 'KEY_WRONG_MASTER' | 'KEY_DAMAGED' | 'KEY_FILE_OPEN';

/** A key that cannot be used. The message never holds key material. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly code: KeyErrorCode;

  constructor(code: KeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const KEY_BYTES = 32;
const WRAP_VERSION = 1;
/** version, key id, master key id: everything before the nonce is authenticated with the key. */
const WRAP_HEAD_BYTES = 1 + 16 + 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_BYTES = WRAP_HEAD_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/**
 * Reads a master key as it stands in the environment.
 *
 * @param base64 32 bytes in base64 (`openssl rand -base64 32`)
 * @throws {KeyError} `KEY_MALFORMED` when it is anything else; the message does not repeat the value
 */
export function parseMasterKey(base64: string): MasterKey {
  const text = base64.trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) {
    throw new KeyError('KEY_MALFORMED', 'FILES_KEY: expected 32 bytes in base64 (44 characters)');
  }
  return toMasterKey(Buffer.from(text, 'base64'));
}

/** Makes a new random master key, in the form that {@link parseMasterKey} reads. */
export function generateMasterKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

/**
 * Makes a data key for a user.
 *
 * @returns what belongs in the user's row; {@link unwrapDataKey} turns it into a usable key
 */
export function createDataKey(masterKey: MasterKey): WrappedDataKey {
  return wrap(masterKey, randomUUID(), randomBytes(KEY_BYTES));
}

/**
 * Opens a data key from a user's row.
 *
 * @throws {KeyError} `KEY_WRONG_MASTER` when another master key wrapped it, `KEY_DAMAGED` when it was altered,
 *   `KEY_MALFORMED` when it is no wrapped key at all
 */
export function unwrapDataKey(masterKey: MasterKey, wrapped: Uint8Array | WrappedDataKey): DataKey {
  const { keyId, bytes } = open(masterKey, wrapped);
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return { keyId, key };
}

/**
 * Wraps the same data key with another master key. Files stay as they are: their headers name the data key.
 *
 * @throws {KeyError} as {@link unwrapDataKey}
 */
export function rewrapDataKey(
  oldMasterKey: MasterKey,
  newMasterKey: MasterKey,
  wrapped: Uint8Array | WrappedDataKey,
): WrappedDataKey {
  const { keyId, bytes } = open(oldMasterKey, wrapped);
  const rewrapped = wrap(newMasterKey, keyId, bytes);
  bytes.fill(0);
  return rewrapped;
}

/**
 * Reads the master key from a file, making the file (mode 0600) at the first start. For the demo and for machines
 * without a secret store; a deployment sets `FILES_KEY`.
 *
 * @throws {KeyError} `KEY_FILE_OPEN` when other users of the machine can read it, `KEY_MALFORMED` when it holds no key
 */
export async function loadOrCreateKeyFile(filePath: string): Promise<MasterKey> {
  const existing = await readKeyFile(filePath);
  if (existing) return existing;
  await mkdir(path.dirname(filePath), { recursive: true, mode: 0o700 });
  // A link either makes the whole file or fails: two processes starting at once end with one key.
  const draft = `${filePath}.${randomUUID()}.part`;
  await writeFile(draft, `${generateMasterKey()}\n`, { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, filePath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  const made = await readKeyFile(filePath);
  if (!made) throw new Error(`${filePath}: the key file vanished while it was being made`);
  return made;
}

async function readKeyFile(filePath: string): Promise<MasterKey | undefined> {
  let text: string;
  try {
    const { mode } = await stat(filePath);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new KeyError(
        'KEY_FILE_OPEN',
        `${filePath}: other users can read this key; chmod 600 it`,
      );
    }
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return parseMasterKey(text);
  } catch (cause) {
    throw new KeyError('KEY_MALFORMED', `${filePath}: expected one line, 32 bytes in base64`, {
      cause,
    });
  }
}

function toMasterKey(bytes: Buffer): MasterKey {
  const id = createHash('sha256').update('rendition master key id\0').update(bytes).digest('hex');
  return { id: id.slice(0, 16), key: createSecretKey(bytes) };
}

function wrap(masterKey: MasterKey, keyId: string, bytes: Buffer): WrappedDataKey {
  const head = Buffer.concat([
    Buffer.of(WRAP_VERSION),
    uuidToBytes(keyId),
    Buffer.from(masterKey.id, 'hex'),
  ]);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey.key, nonce).setAAD(head);
  const sealed = [cipher.update(bytes), cipher.final(), cipher.getAuthTag()];
  const wrapped = Buffer.concat([head, nonce, ...sealed]);
  return { keyId, masterKeyId: masterKey.id, wrapped };
}

function open(
  masterKey: MasterKey,
  wrapped: Uint8Array | WrappedDataKey,
): { keyId: string; bytes: Buffer } {
  const all = Buffer.from(wrapped instanceof Uint8Array ? wrapped : wrapped.wrapped);
  if (all.length !== WRAPPED_BYTES || all[0] !== WRAP_VERSION) {
    throw new KeyError(
      'KEY_MALFORMED',
      `wrapped data key: expected version ${WRAP_VERSION} and ${WRAPPED_BYTES} bytes, got version ${all[0]} and ${all.length} bytes`,
    );
  }
  const head = all.subarray(0, WRAP_HEAD_BYTES);
  const keyId = bytesToUuid(head.subarray(1, 17));
  const wrappedBy = head.subarray(17).toString('hex');
  if (wrappedBy !== masterKey.id) {
    throw new KeyError(
      'KEY_WRONG_MASTER',
      `data key ${keyId} is wrapped with master key ${wrappedBy}, but FILES_KEY is ${masterKey.id}: use the former key, or re-wrap`,
    );
  }
  const nonce = all.subarray(WRAP_HEAD_BYTES, WRAP_HEAD_BYTES + NONCE_BYTES);
  const sealed = all.subarray(WRAP_HEAD_BYTES + NONCE_BYTES, WRAPPED_BYTES - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', masterKey.key, nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(head).setAuthTag(all.subarray(WRAPPED_BYTES - TAG_BYTES));
  try {
    return { keyId, bytes: Buffer.concat([decipher.update(sealed), decipher.final()]) };
  } catch (cause) {
    throw new KeyError('KEY_DAMAGED', `data key ${keyId} was altered after it was wrapped`, {
      cause,
    });
  }
}
