/** @file Queries: class-image sets. Fill one under `database.withLock('class-images:' + set.id, …)`. */
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type ClassImageSet, classImageSets } from '../schema/class-image-sets.ts';
import { onlyRow } from './errors.ts';

/** Everything that decides how the pictures look: another value is another set. */
export type ClassImageSetKey = Pick<
  ClassImageSet,
  'checkpointHash' | 'classNoun' | 'sampler' | 'steps' | 'guidance' | 'size' | 'seed'
>;

/** @returns the set of that key, made empty where there was none */
export async function ensureClassImageSet(db: Db, key: ClassImageSetKey): Promise<ClassImageSet> {
  await db.insert(classImageSets).values(key).onConflictDoNothing();
  return onlyRow(
    await db
      .select()
      .from(classImageSets)
      .where(
        and(
          eq(classImageSets.checkpointHash, key.checkpointHash),
          eq(classImageSets.classNoun, key.classNoun),
          eq(classImageSets.sampler, key.sampler),
          eq(classImageSets.steps, key.steps),
          sql`${classImageSets.guidance} = ${key.guidance}::real`,
          eq(classImageSets.size, key.size),
          eq(classImageSets.seed, key.seed),
        ),
      ),
  );
}

/** Records that the set's first `count` pictures are complete. A set never shrinks. */
export async function growClassImageSet(
  db: Db,
  setId: string,
  count: number,
): Promise<ClassImageSet | undefined> {
  const [set] = await db
    .update(classImageSets)
    .set({ count: sql`greatest(${classImageSets.count}, ${count}::int)` })
    .where(eq(classImageSets.id, setId))
    .returning();
  return set;
}
