/** @file UUIDs as text and as 16 bytes: the only names that files and data keys have. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Tells whether a text is a lower-case UUID; only such a text may become part of a path. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** @throws {TypeError} when the text is not a lower-case UUID */
export function uuidToBytes(uuid: string): Buffer {
  if (!isUuid(uuid)) throw new TypeError('expected a lower-case UUID');
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** @param bytes 16 bytes */
export function bytesToUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
