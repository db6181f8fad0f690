/**
 * @file Reads and writes safetensors files: an 8-byte header length, a JSON header, raw little-endian
 * tensors. Reading is lazy, so that a graph can use frozen weights in place.
 * @see https://github.com/huggingface/safetensors#format
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { bfloat16ToFloat32, float16ToFloat32, float32ToFloat16 } from './half.ts';

const BYTES_PER_ELEMENT = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

/** Element types as the header spells them. */
export type SafetensorsDtype = keyof typeof BYTES_PER_ELEMENT;

/** Where one tensor lies on disk. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Real path of the file: symlinks are resolved. */
  readonly file: string;
  /** Byte offset from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** One tensor to be written. */
export interface TensorData {
  readonly name: string;
  readonly dtype: 'F32' | 'F16' | 'I32';
  readonly shape: readonly number[];
  /**
   * float32 for `F32` and `F16` (halved while writing), int32 for `I32`. Read once, when the
   * tensor's turn comes: a getter keeps only one tensor in memory.
   */
  readonly data: Float32Array | Int32Array;
}

/** A file that is not safetensors, or a tensor that cannot be read as asked. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}

/** The reference implementation's limit on the header; a larger one is a damaged file. */
const MAX_HEADER_BYTES = 100_000_000;
/** How much one read call asks for, and how many elements are halved at a time. */
const CHUNK_BYTES = 1 << 28;
const CHUNK_ELEMENTS = 1 << 22;
/** How a zip archive and a bare pickle begin; torch.save writes one or the other. */
const PICKLE_BEGINNINGS = [Buffer.from('PK\x03\x04', 'latin1'), Buffer.from('\x80\x02', 'latin1')];
/** The reference implementation's order of the types; wider ones first keep every tensor aligned. */
const WRITE_ORDER = ['F32', 'I32', 'F16'];

/**
 * Reads and checks the header of a safetensors file; no tensor data is read.
 *
 * @param file path, possibly a symlink
 * @returns the entries by name in file order, and the string metadata
 * @throws {SafetensorsError} when the header is damaged or a tensor does not fit the file
 */
export function readSafetensorsHeader(file: string): {
  entries: Map<string, TensorEntry>;
  metadata: Record<string, string>;
} {
  // A pipe would be waited for, and a link that leads nowhere has no real path.
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new SafetensorsError(`${file}: expected a safetensors file`);
  }
  const real = realpathSync(file);
  const { header, dataStart, fileBytes } = readHeaderJson(real);
  const { __metadata__, ...tensors } = header as Record<string, unknown>;
  const metadata = checkMetadata(real, __metadata__);
  const entries = Object.entries(tensors).map(([name, value]) =>
    checkEntry(real, name, value, dataStart, fileBytes),
  );
  entries.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  for (let i = 1; i < entries.length; i++) {
    const before = entries[i - 1] as TensorEntry;
    const entry = entries[i] as TensorEntry;
    if (entry.offset < before.offset + before.byteLength) {
      throw new SafetensorsError(
        `${real}: tensor ${entry.name} starts at byte ${entry.offset}, inside ${before.name}, which ends at ${before.offset + before.byteLength}`,
      );
    }
  }
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}

function readHeaderJson(real: string) {
  const fd = openSync(real, 'r');
  try {
    const fileBytes = fstatSync(fd).size;
    if (fileBytes < 8) {
      throw new SafetensorsError(
        `${real}: expected at least 8 bytes of header length, file has ${fileBytes}`,
      );
    }
    const headerBytes = Number(readBytes(fd, 0, 8, real).readBigUInt64LE());
    if (headerBytes > MAX_HEADER_BYTES || 8 + headerBytes > fileBytes) {
      const start = readBytes(fd, 0, 4, real);
      const isPickle = PICKLE_BEGINNINGS.some((bytes) => start.indexOf(bytes) === 0);
      throw new SafetensorsError(
        isPickle
          ? `${real}: expected safetensors, found a pickle, which can run any code when it is loaded; save the weights as safetensors with the tool that made them`
          : `${real}: header claims ${headerBytes} bytes, file has ${fileBytes}; not a safetensors file, or cut off`,
      );
    }
    const bytes = readBytes(fd, 8, headerBytes, real);
    let header: unknown;
    try {
      header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (cause) {
      throw new SafetensorsError(`${real}: header is not JSON`, { cause });
    }
    if (typeof header !== 'object' || header === null || Array.isArray(header)) {
      throw new SafetensorsError(`${real}: expected the header to be a JSON object`);
    }
    return { header, dataStart: 8 + headerBytes, fileBytes };
  } finally {
    closeSync(fd);
  }
}

function checkMetadata(file: string, value: unknown): Record<string, string> {
  const metadata = value === undefined ? {} : value;
  if (
    typeof metadata !== 'object' ||
    metadata === null ||
    Array.isArray(metadata) ||
    Object.values(metadata).some((text) => typeof text !== 'string')
  ) {
    throw new SafetensorsError(`${file}: __metadata__ must be an object of strings`);
  }
  return metadata as Record<string, string>;
}

function checkEntry(
  file: string,
  name: string,
  value: unknown,
  dataStart: number,
  fileBytes: number,
): TensorEntry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES_PER_ELEMENT, dtype)) {
    throw new SafetensorsError(
      `${file}: tensor ${name} has dtype ${brief(dtype)}; expected one of ${Object.keys(BYTES_PER_ELEMENT).join(', ')}`,
    );
  }
  if (!isCountList(shape)) {
    throw new SafetensorsError(
      `${file}: tensor ${name} has shape ${brief(shape)}; expected a list of non-negative integers`,
    );
  }
  if (!isCountList(data_offsets) || data_offsets.length !== 2) {
    throw new SafetensorsError(
      `${file}: tensor ${name} has data_offsets ${brief(data_offsets)}; expected [begin, end]`,
    );
  }
  const [begin, end] = data_offsets as [number, number];
  const bytes = BYTES_PER_ELEMENT[dtype as SafetensorsDtype];
  const expected = elementCount(shape) * bytes;
  if (!Number.isSafeInteger(expected)) {
    throw new SafetensorsError(
      `${file}: tensor ${name} (${dtype} [${shape.join(', ')}]) is larger than any file`,
    );
  }
  if (end - begin !== expected) {
    throw new SafetensorsError(
      `${file}: tensor ${name} (${dtype} [${shape.join(', ')}]) needs ${expected} bytes, its offsets hold ${end - begin}`,
    );
  }
  if (dataStart + end > fileBytes) {
    throw new SafetensorsError(
      `${file}: tensor ${name} (${dtype} [${shape.join(', ')}]) ends at byte ${dataStart + end}, file has ${fileBytes}; the file is cut off`,
    );
  }
  return {
    name,
    dtype: dtype as SafetensorsDtype,
    shape,
    file,
    offset: dataStart + begin,
    byteLength: expected,
  };
}

/** A damaged header may hold megabytes where a word belongs. */
function brief(value: unknown): string {
  const text = String(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function isCountList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/**
 * Reads one tensor as float32; F16 and BF16 are widened, F64 is rounded.
 *
 * @param entry as found in the header
 * @param into where the values go; absent: an array of their own
 * @returns float32, row-major, as many elements as the shape says
 * @throws {SafetensorsError} when the tensor is not of a floating type or the file is cut off
 */
export function readTensorFloat32(entry: TensorEntry, into?: Float32Array): Float32Array {
  return toFloat32(entry, readTensorBuffer(entry), into);
}

/**
 * Reads many tensors of one file, which is opened once.
 *
 * @param file that the tensors lie in
 * @param work is given {@link readTensorFloat32} for as long as the file is open
 * @returns what `work` returns
 */
export function readingTensors<Result>(
  file: string,
  work: (read: typeof readTensorFloat32) => Result,
): Result {
  const fd = openSync(file, 'r');
  try {
    return work((entry, into) => toFloat32(entry, readTensorBytes(fd, entry), into));
  } finally {
    closeSync(fd);
  }
}

function toFloat32(entry: TensorEntry, buffer: ArrayBuffer, into?: Float32Array): Float32Array {
  if (into && entry.dtype === 'F16') return float16ToFloat32(new Uint16Array(buffer), into);
  const values = widen(entry, buffer);
  into?.set(values);
  return into ?? values;
}

function widen(entry: TensorEntry, buffer: ArrayBuffer): Float32Array {
  switch (entry.dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return float16ToFloat32(new Uint16Array(buffer));
    case 'BF16':
      return bfloat16ToFloat32(new Uint16Array(buffer));
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
    default:
      throw new SafetensorsError(
        `${entry.file}: tensor ${entry.name} is ${entry.dtype}; expected F32, F16, BF16 or F64`,
      );
  }
}

/**
 * Reads one tensor as int32; narrower integers are widened, I64 must fit.
 *
 * @param entry as found in the header
 * @returns int32, row-major, as many elements as the shape says
 * @throws {SafetensorsError} when the tensor is not of an integer type, or a value exceeds int32
 */
export function readTensorInt32(entry: TensorEntry): Int32Array {
  switch (entry.dtype) {
    case 'I32':
      return new Int32Array(readTensorBuffer(entry));
    case 'I64':
      return Int32Array.from(new BigInt64Array(readTensorBuffer(entry)), (value) => {
        if (BigInt.asIntN(32, value) !== value) {
          throw new SafetensorsError(`${entry.file}: tensor ${entry.name}: ${value} exceeds int32`);
        }
        return Number(value);
      });
    case 'I16':
      return Int32Array.from(new Int16Array(readTensorBuffer(entry)));
    case 'I8':
      return Int32Array.from(new Int8Array(readTensorBuffer(entry)));
    case 'U8':
    case 'BOOL':
      return Int32Array.from(new Uint8Array(readTensorBuffer(entry)));
    default:
      throw new SafetensorsError(
        `${entry.file}: tensor ${entry.name} is ${entry.dtype}; expected an integer type`,
      );
  }
}

function readTensorBuffer(entry: TensorEntry): ArrayBuffer {
  const fd = openSync(entry.file, 'r');
  try {
    return readTensorBytes(fd, entry);
  } finally {
    closeSync(fd);
  }
}

/** The tensor's bytes in a buffer of their own, so that any typed array may lie over them. */
const readTensorBytes = (
  fd: number,
  { name, file, offset, byteLength }: TensorEntry,
): ArrayBuffer => readBytes(fd, offset, byteLength, `${file}: tensor ${name}`).buffer;

function readBytes(
  fd: number,
  offset: number,
  byteLength: number,
  what: string,
): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(new ArrayBuffer(byteLength));
  let done = 0;
  while (done < byteLength) {
    const read = readSync(fd, bytes, done, Math.min(CHUNK_BYTES, byteLength - done), offset + done);
    if (read === 0) {
      throw new SafetensorsError(
        `${what}: expected ${byteLength} bytes at ${offset}, file ends after ${done}`,
      );
    }
    done += read;
  }
  return bytes;
}

/**
 * Writes a safetensors file. The bytes go to a temporary file beside it, which is synced and then
 * renamed, so that a reader sees the old file or the whole new one.
 *
 * Tensors are laid out byte for byte as the reference implementation does it: by type, then by name.
 *
 * @param file path of the new file; its folder must exist
 * @param tensors each name once
 * @param metadata string pairs for the header
 * @throws {SafetensorsError} when a name is repeated or data does not fill its shape
 */
export function writeSafetensors(
  file: string,
  tensors: Iterable<TensorData>,
  metadata: Record<string, string> = {},
): void {
  const ordered = [...tensors].sort(
    (a, b) =>
      WRITE_ORDER.indexOf(a.dtype) - WRITE_ORDER.indexOf(b.dtype) ||
      (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const temporary = `${file}.${process.pid}.tmp`;
  const fd = openSync(temporary, 'w');
  try {
    writeAll(fd, encodeHeader(ordered, metadata));
    for (const tensor of ordered) writeTensor(fd, tensor);
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
  syncFolder(path.dirname(file));
}

function encodeHeader(tensors: readonly TensorData[], metadata: Record<string, string>): Buffer {
  const fields: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) fields.push(['__metadata__', metadata]);
  const names = new Set(['__metadata__']);
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    if (names.has(name)) throw new SafetensorsError(`tensor name ${name} is taken`);
    names.add(name);
    const begin = end;
    end += elementCount(shape) * BYTES_PER_ELEMENT[dtype];
    fields.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(fields)), 'utf8');
  // Spaces up to a multiple of 8, so that the tensors start aligned.
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return header;
}

function writeTensor(fd: number, tensor: TensorData): void {
  const { name, dtype, shape } = tensor;
  const data = tensor.data;
  if (data.length !== elementCount(shape)) {
    throw new SafetensorsError(
      `tensor ${name}: ${data.length} elements cannot fill [${shape.join(', ')}]`,
    );
  }
  if (data instanceof Int32Array !== (dtype === 'I32')) {
    throw new SafetensorsError(
      `tensor ${name}: ${dtype} needs ${dtype === 'I32' ? 'an Int32Array' : 'a Float32Array'}`,
    );
  }
  for (let start = 0; start < data.length; start += CHUNK_ELEMENTS) {
    const chunk = data.subarray(start, start + CHUNK_ELEMENTS);
    writeAll(
      fd,
      dtype === 'F16' && chunk instanceof Float32Array ? float32ToFloat16(chunk) : chunk,
    );
  }
}

function writeAll(fd: number, data: NodeJS.ArrayBufferView): void {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done);
  }
}

/** Makes the rename itself survive a power cut. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
