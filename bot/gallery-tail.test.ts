import { expect, test } from 'vitest';
import { galleryOrders } from '#db/queries/gallery-pages.ts';
import { decodeTail, encodeTail, type GalleryLook } from './gallery-tail.ts';
import { styles } from './styles.ts';

const subjectId = 'ffffffff-ffff-7fff-bfff-ffffffffffff';
const widest = { authorId: (2n ** 64n - 1n).toString(), subjectId, style: styles.at(-1) };

test.each<GalleryLook>([
  ...[...galleryOrders, 'mine' as const].map((order) => ({ order })),
  { order: 'newest', authorId: '1' },
  { order: 'week', subjectId: '01890a5d-ac96-774b-bcce-b302099a8057' },
  { order: 'all', style: '3d' },
  { order: 'month', ...widest },
])('%o comes back as it was', (look) => {
  for (const cursor of [
    { direction: 'next', votes: 0 },
    { direction: 'previous', votes: 36 ** 5 - 1 },
  ] as const) {
    const tail = encodeTail(look, cursor);
    expect(tail.length).toBeLessThanOrEqual(50);
    const back = decodeTail(tail);
    expect(back?.cursor).toEqual(cursor);
    expect(back?.look).toEqual({
      authorId: undefined,
      subjectId: undefined,
      style: undefined,
      ...look,
    });
  }
});

test.each(['', 'n', 'nn', 'xx....', 'nz....', 'nn.-1...', `nn....${'z'.repeat(9)}`])(
  '%s is nothing',
  (tail) => {
    expect(decodeTail(tail)).toBeUndefined();
  },
);

test('a style of a later release is no filter', () => {
  expect(decodeTail('nn....zz')?.look.style).toBeUndefined();
});
