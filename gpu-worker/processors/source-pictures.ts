/** @file The picture that a rendition starts from, decrypted into the attempt's folder: the asker's, or another rendition's. */
import path from 'node:path';
import { getRendition } from '#db/queries/renditions.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { FileError } from '#storage/store.ts';
import type { ProcessorContext } from './context.ts';
import { requireDataKey } from './data-keys.ts';
import { JobFailure } from './failures.ts';
import type { RunFolder } from './run-folder.ts';

/** Where the picture lies now. */
export interface SourcePicture {
  readonly file: string;
  /** The rendition that it is of; undefined where the asker gave it. */
  readonly source?: Rendition;
}

/** @throws {JobFailure} `PICTURE_GONE` where it was deleted */
export async function decryptSourcePicture(
  { store, database }: Pick<ProcessorContext, 'store' | 'database'>,
  { rendition, folder }: { readonly rendition: Rendition; readonly folder: RunFolder },
): Promise<SourcePicture> {
  const { startFileId, sourceId, sourceIndex } = rendition;
  const source = sourceId === null ? undefined : await getRendition(database.db, sourceId);
  const fileId = source ? source.resultFileIds?.[sourceIndex ?? 0] : startFileId;
  if (!fileId || source?.deletedAt) throw new JobFailure('PICTURE_GONE');
  const dataKey = await requireDataKey(database.db, (source ?? rendition).userId);
  const file = path.join(folder.attempt, 'source.png');
  try {
    await store.getToFile(fileId, dataKey, file);
  } catch (error) {
    throw error instanceof FileError ? new JobFailure('PICTURE_GONE') : error;
  }
  return { file, ...(source && { source }) };
}
