/** @file Float32 arrays in an open file, one after the other: how two processes hand each other state. */
import { readSync, writeSync } from 'node:fs';

/** Writes arrays from the file's beginning. */
export function writeArrays(file: number, arrays: readonly Float32Array[]): void {
  each(arrays, (bytes, done, position) =>
    writeSync(file, bytes, done, bytes.length - done, position),
  );
}

/**
 * Reads arrays from the file's beginning.
 * @throws {RangeError} when the file is shorter than they are
 */
export function readArrays(file: number, arrays: readonly Float32Array[]): void {
  each(arrays, (bytes, done, position) => {
    const read = readSync(file, bytes, done, bytes.length - done, position);
    if (read === 0) throw new RangeError('the file of a session ended early');
    return read;
  });
}

/** Calls `move` with what is left of each array until it is done. */
function each(
  arrays: readonly Float32Array[],
  move: (bytes: Uint8Array, done: number, position: number) => number,
): void {
  let position = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    for (let done = 0; done < byteLength; ) {
      const moved = move(bytes, done, position);
      done += moved;
      position += moved;
    }
  }
}
