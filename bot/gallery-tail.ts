/** @file Where somebody is in a gallery, short enough for a custom id: its filters and order, and the post where the page ends. Pure. */
import type { GalleryCursor, GalleryOrder } from '#db/queries/gallery-pages.ts';
import { type Style, styles } from './styles.ts';

/** What of a gallery somebody looks at. `mine`: all of the viewer's own, published or not. */
export interface GalleryLook {
  readonly order: GalleryOrder | 'mine';
  readonly authorId?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly style?: Style | undefined;
}

const letters = {
  newest: 'n',
  week: 'w',
  month: 'm',
  all: 'a',
  hall: 'h',
  mine: 'u',
} as const satisfies Record<GalleryLook['order'], string>;

const orders = Object.keys(letters) as GalleryLook['order'][];

/** @returns at most 50 characters; the post itself stands elsewhere in the custom id */
export function encodeTail(look: GalleryLook, cursor: Omit<GalleryCursor, 'postId'>): string {
  const { order, authorId, subjectId, style } = look;
  return [
    `${cursor.direction === 'next' ? 'n' : 'p'}${letters[order]}`,
    cursor.votes === 0 ? '' : cursor.votes.toString(36),
    authorId === undefined ? '' : BigInt(authorId).toString(36),
    subjectId === undefined
      ? ''
      : Buffer.from(subjectId.replaceAll('-', ''), 'hex').toString('base64url'),
    style === undefined ? '' : styles.indexOf(style).toString(36),
  ].join('.');
}

const TAIL = /^([np])([a-z])\.([0-9a-z]{0,5})\.([0-9a-z]{0,13})\.([\w-]{0,22})\.([0-9a-z]{0,2})$/;

/** @returns what {@link encodeTail} was given, or undefined for what it did not make */
export function decodeTail(
  tail: string,
): { look: GalleryLook; cursor: Omit<GalleryCursor, 'postId'> } | undefined {
  const [, direction, letter, votes, author, subject, style] = TAIL.exec(tail) ?? [];
  const order = orders.find((known) => letters[known] === letter);
  if (order === undefined) return undefined;
  return {
    look: {
      order,
      authorId: author ? fromBase36(author) : undefined,
      subjectId: subject ? toUuid(subject) : undefined,
      style: style ? styles[Number.parseInt(style, 36)] : undefined,
    },
    cursor: {
      direction: direction === 'n' ? 'next' : 'previous',
      votes: votes ? Number.parseInt(votes, 36) : 0,
    },
  };
}

function fromBase36(text: string): string {
  let value = 0n;
  for (const digit of text) value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return value.toString();
}

function toUuid(text: string): string {
  const hex = Buffer.from(text, 'base64url').toString('hex').padEnd(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
