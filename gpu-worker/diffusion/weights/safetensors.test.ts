import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
  SafetensorsError,
  type TensorEntry,
  writeSafetensors,
} from './safetensors.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = (name: string) => path.join(folder, name);

/** Written by safetensors.torch.save 0.8 with one tensor of each type. */
const EVERY_DTYPE =
  'oAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJpNjQiOnsiZHR5cGUiOiJJNjQiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlswLDE2XX0sImY2NCI6eyJkdHlwZSI6IkY2NCIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMTYsMjRdfSwiZW1wdHkiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsNF0sImRhdGFfb2Zmc2V0cyI6WzI0LDI0XX0sImYzMiI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMSwzXSwiZGF0YV9vZmZzZXRzIjpbMjQsMzZdfSwiaTMyIjp7ImR0eXBlIjoiSTMyIiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMzYsNDBdfSwiYmYxNiI6eyJkdHlwZSI6IkJGMTYiLCJzaGFwZSI6WzIsMV0sImRhdGFfb2Zmc2V0cyI6WzQwLDQ0XX0sImYxNiI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzQ0LDUwXX0sImkxNiI6eyJkdHlwZSI6IkkxNiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzUwLDUyXX0sImk4Ijp7ImR0eXBlIjoiSTgiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOls1Miw1M119LCJ1OCI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbNTMsNTVdfSwiYm9vbCI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls1NSw1N119fSAgICAgICD////////////AAAAAAAAAmpmZmZmZuT8AAMA/AAAQwFnZADMHAAAAgD+rvgA8/3tVtdT+/cgBAQA=';

/** Written by safetensors.torch.save 0.8: b F32 [2,2], a F16 [2], c I32 [2], metadata step. */
const THREE_TENSORS =
  'yAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJzdGVwIjoiMyJ9LCJiIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDJdLCJkYXRhX29mZnNldHMiOlswLDE2XX0sImMiOnsiZHR5cGUiOiJJMzIiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOlsxNiwyNF19LCJhIjp7ImR0eXBlIjoiRjE2Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMjQsMjhdfX0gICAgIAAAgD8AAABAAABAQAAAgEAFAAAA+v///2YuAMc=';

function writeRaw(name: string, header: unknown, dataBytes: number): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(inFolder(name), Buffer.concat([length, json, Buffer.alloc(dataBytes)]));
  return inFolder(name);
}

describe('reading', () => {
  const file = inFolder('every-dtype.safetensors');
  writeFileSync(file, Buffer.from(EVERY_DTYPE, 'base64'));
  const { entries, metadata } = readSafetensorsHeader(file);
  const entry = (name: string) => entries.get(name) as TensorEntry;

  it('finds tensors, places and metadata that the reference implementation wrote', () => {
    expect(metadata).toEqual({ format: 'pt' });
    expect([...entries.keys()].sort()).toEqual(
      'bf16 bool empty f16 f32 f64 i16 i32 i64 i8 u8'.split(' '),
    );
    expect(entry('f32')).toEqual({
      name: 'f32',
      dtype: 'F32',
      shape: [1, 3],
      file,
      offset: 8 + 0x2a0 + 24,
      byteLength: 12,
    });
  });

  it('widens or rounds floating types to float32', () => {
    expect([...readTensorFloat32(entry('f32'))]).toEqual([1.5, -2.25, Math.fround(3e-8)]);
    expect([...readTensorFloat32(entry('f16'))]).toEqual([1, 65504, -0.333251953125]);
    expect([...readTensorFloat32(entry('bf16'))]).toEqual([1, -0.333984375]);
    expect([...readTensorFloat32(entry('f64'))]).toEqual([Math.fround(0.1)]);
    expect(readTensorFloat32(entry('empty'))).toHaveLength(0);
  });

  it('widens or narrows integer types to int32', () => {
    expect([...readTensorInt32(entry('i64'))]).toEqual([-1, 49407]);
    expect([...readTensorInt32(entry('i32'))]).toEqual([7]);
    expect([...readTensorInt32(entry('i16'))]).toEqual([-300]);
    expect([...readTensorInt32(entry('i8'))]).toEqual([-3]);
    expect([...readTensorInt32(entry('u8'))]).toEqual([200, 1]);
    expect([...readTensorInt32(entry('bool'))]).toEqual([1, 0]);
  });

  it('refuses to read integers as floats and floats as integers', () => {
    expect(() => readTensorFloat32(entry('i64'))).toThrow(/i64 is I64; expected F32/);
    expect(() => readTensorInt32(entry('f32'))).toThrow(/f32 is F32; expected an integer/);
  });

  it('gives the real path behind a symlink', () => {
    symlinkSync(file, inFolder('link.safetensors'));
    const linked = readSafetensorsHeader(inFolder('link.safetensors'));
    expect(linked.entries.get('f32')?.file).toBe(file);
  });
});

describe('a damaged file is refused with its reason', () => {
  const f32 = (shape: number[], data_offsets: number[]) => ({ dtype: 'F32', shape, data_offsets });
  it.each<[string, unknown, number, RegExp]>([
    ['no-json', '{"a":', 0, /header is not JSON/],
    ['list', '[1]', 0, /expected the header to be a JSON object/],
    ['dtype', { w: { ...f32([1], [0, 4]), dtype: 'F7' } }, 4, /tensor w has dtype "F7"/],
    ['shape', { w: f32([-1], [0, 4]) }, 4, /tensor w has shape \[-1\]/],
    ['offsets', { w: f32([1], [0]) }, 4, /tensor w has data_offsets \[0\]/],
    ['null', { w: null }, 4, /tensor w has dtype undefined/],
    ['size', { w: f32([2, 3], [0, 20]) }, 20, /w \(F32 \[2, 3\]\) needs 24 bytes, .* hold 20/],
    [
      'cut',
      { w: f32([4], [0, 16]) },
      12,
      /tensor w \(F32 \[4\]\) ends at byte 79, file has 75; .* cut off/,
    ],
    ['metadata', { __metadata__: { step: 3 } }, 0, /__metadata__ must be an object of strings/],
    ['too large', { w: f32([2 ** 52, 2 ** 52], [0, 0]) }, 0, /larger than any file/],
    ['overlap', { v: f32([2], [0, 8]), w: f32([2], [4, 12]) }, 12, /w starts at .* inside v/],
  ])('%s', (name, header, dataBytes, message) => {
    const file = writeRaw(name, header, dataBytes);
    expect(() => readSafetensorsHeader(file)).toThrow(SafetensorsError);
    expect(() => readSafetensorsHeader(file)).toThrow(message);
  });

  it('header length beyond the file', () => {
    writeFileSync(inFolder('long'), Buffer.from('GIF89a and so on'));
    expect(() => readSafetensorsHeader(inFolder('long'))).toThrow(/not a safetensors file/);
  });

  it('fewer than eight bytes', () => {
    writeFileSync(inFolder('short'), 'x');
    expect(() => readSafetensorsHeader(inFolder('short'))).toThrow(/at least 8 bytes/);
  });
});

describe('writing', () => {
  it('gives the bytes that the reference implementation gives', () => {
    const file = inFolder('three.safetensors');
    writeSafetensors(
      file,
      [
        { name: 'a', dtype: 'F16', shape: [2], data: Float32Array.of(0.1, -7) },
        { name: 'c', dtype: 'I32', shape: [2], data: Int32Array.of(5, -6) },
        { name: 'b', dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      ],
      { step: '3' },
    );
    expect(readFileSync(file).toString('base64')).toBe(THREE_TENSORS);
  });

  it('replaces an older file and leaves no temporary one, even when it fails', () => {
    const file = inFolder('replaced.safetensors');
    const tensor = { name: 'w', dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const;
    writeSafetensors(file, [tensor]);
    writeSafetensors(file, [{ ...tensor, data: Float32Array.of(2) }]);
    expect(() => writeSafetensors(file, [{ ...tensor, shape: [3] }])).toThrow(
      'tensor w: 1 elements cannot fill [3]',
    );
    const entry = readSafetensorsHeader(file).entries.get('w') as TensorEntry;
    expect([...readTensorFloat32(entry)]).toEqual([2]);
    expect(readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('refuses a repeated name and data of the wrong kind', () => {
    const tensor = { name: 'w', dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const;
    expect(() => writeSafetensors(inFolder('x'), [tensor, tensor])).toThrow('name w is taken');
    expect(() => writeSafetensors(inFolder('x'), [{ ...tensor, dtype: 'I32' }])).toThrow(
      'tensor w: I32 needs an Int32Array',
    );
  });
});
