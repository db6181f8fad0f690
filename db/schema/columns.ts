/** @file Column builders that every table shares: ids, snowflakes, clocks, bytes. */
import { randomFillSync } from 'node:crypto';
import { customType, text, timestamp, uuid } from 'drizzle-orm/pg-core';

let lastMs = 0;
let sequence = 0;

/**
 * Makes a UUIDv7: ids sort in the order in which one process made them, so that an id is also a page cursor.
 *
 * @returns lower-case hyphenated text
 * @see RFC 9562 §5.7 and §6.2 method 1 (the 12 bits after the version are a counter within a millisecond)
 */
export function newId(): string {
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    sequence = 0;
  } else {
    sequence += 1;
    if (sequence > 0xfff) {
      lastMs += 1;
      sequence = 0;
    }
  }
  const bytes = randomFillSync(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(lastMs / 2 ** 32));
  view.setUint32(2, lastMs % 2 ** 32);
  view.setUint16(6, 0x7000 | sequence);
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const hex = Buffer.from(bytes).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** Primary key: a UUIDv7 made in this process. */
export const id = () => uuid('id').primaryKey().$defaultFn(newId);

/** A Discord snowflake. Kept as text: it does not fit a JavaScript number. */
export const snowflake = (name: string) => text(name);

/** An instant. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/** When the row was written, by the database's clock. */
export const createdAt = () => instant('created_at').notNull().defaultNow();

/** Raw bytes, the same class on Postgres (which gives a Buffer) and PGlite (which gives a Uint8Array). */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => new Uint8Array(value),
});
