/** @file Uploaded bytes and the signed, expiring links under which the CDN serves them. */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { APIAttachment } from 'discord-api-types/v10';
import type { Clock } from './clock.ts';
import { readImageSize } from './image-size.ts';

/** Links to uploads live one day, as on Discord since 2024. */
export const LINK_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Discord's limit for one file without boosts. */
export const FILE_SIZE_LIMIT_BYTES = 10 * 1024 * 1024;

/** A file on its way in, from a user or from the bot. */
export interface UploadedFile {
  /** The multipart field, such as `files[0]`; free text for a user's upload. */
  field: string;
  filename: string;
  contentType: string;
  bytes: Buffer;
}

/** A stored file. */
export interface AttachmentRecord {
  id: string;
  kind: 'attachments' | 'ephemeral-attachments';
  /** Channel of a message's file; application of an interaction's file. */
  scopeId: string;
  filename: string;
  contentType: string;
  sizeBytes: number;
  width: number | null;
  height: number | null;
  description: string | null;
  spoiler: boolean;
  /** Replaces the signed link, to try what the bot does with a link to another host. */
  urlOverride: string | null;
  /** Makes links already expired when they are handed out. */
  linkExpired: boolean;
}

/** Stores bytes, signs links, checks links. */
export interface FileStore {
  put(
    upload: UploadedFile,
    place: Pick<AttachmentRecord, 'kind' | 'scopeId'>,
    extra?: Partial<AttachmentRecord>,
  ): AttachmentRecord;
  /** @returns the wire form with a link signed now */
  toWire(attachment: AttachmentRecord): APIAttachment;
  /** @returns bytes and type for a valid link, undefined for an unknown, forged or expired one */
  open(
    pathname: string,
    query: URLSearchParams,
  ): { bytes: Buffer; contentType: string } | undefined;
  get(id: string): AttachmentRecord | undefined;
}

const typesByExtension: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  heic: 'image/heic',
  txt: 'text/plain; charset=utf-8',
  json: 'application/json',
  zip: 'application/zip',
};

/** @returns the media type a file name suggests */
export function contentTypeOf(filename: string): string {
  return typesByExtension[extensionOf(filename)] ?? 'application/octet-stream';
}

/** @returns the lower-case extension without its dot */
export function extensionOf(filename: string): string {
  return path.extname(filename).slice(1).toLowerCase();
}

/** @returns a file name as Discord keeps it: letters, digits, dots, dashes and underscores */
export function cleanFilename(filename: string): string {
  return path.basename(filename).replace(/[^\p{L}\p{N}._-]/gu, '_') || 'unknown';
}

/**
 * Builds a store.
 *
 * @param cdnUrl read lazily, because the port is known only after listening
 * @param dir folder for the bytes; in memory when absent
 */
export function createFileStore(
  clock: Clock,
  mint: () => string,
  cdnUrl: () => string,
  dir?: string,
): FileStore {
  const signingKey = randomBytes(32);
  const records = new Map<string, AttachmentRecord>();
  const memory = new Map<string, Buffer>();
  if (dir) mkdirSync(dir, { recursive: true });

  const sign = (pathname: string, ex: string, is: string) =>
    createHmac('sha256', signingKey).update(`${pathname}\n${ex}\n${is}`).digest('hex');
  const hexSeconds = (ms: number) => Math.floor(ms / 1000).toString(16);
  const pathOf = (file: AttachmentRecord) =>
    `/${file.kind}/${file.scopeId}/${file.id}/${encodeURIComponent(file.filename)}`;

  function linkTo(file: AttachmentRecord): string {
    if (file.urlOverride !== null) return file.urlOverride;
    const issuedMs = file.linkExpired ? clock.now() - 2 * LINK_LIFETIME_MS : clock.now();
    const ex = hexSeconds(issuedMs + LINK_LIFETIME_MS);
    const is = hexSeconds(issuedMs);
    const pathname = pathOf(file);
    return `${cdnUrl()}${pathname}?ex=${ex}&is=${is}&hm=${sign(pathname, ex, is)}&`;
  }

  return {
    put(upload, place, extra = {}) {
      const filename = cleanFilename(upload.filename);
      const size = readImageSize(upload.bytes);
      const record: AttachmentRecord = {
        id: mint(),
        ...place,
        filename,
        contentType: contentTypeOf(filename),
        sizeBytes: upload.bytes.length,
        width: size?.width ?? null,
        height: size?.height ?? null,
        description: null,
        spoiler: filename.startsWith('SPOILER_'),
        urlOverride: null,
        linkExpired: false,
        ...extra,
      };
      records.set(record.id, record);
      if (dir) writeFileSync(path.join(dir, record.id), upload.bytes);
      else memory.set(record.id, upload.bytes);
      return record;
    },
    toWire(file) {
      const url = linkTo(file);
      return {
        id: file.id,
        filename: file.filename,
        size: file.sizeBytes,
        url,
        proxy_url: url,
        content_type: file.contentType,
        ...(file.width === null ? {} : { width: file.width, height: file.height }),
        ...(file.description === null ? {} : { description: file.description }),
        ...(file.kind === 'ephemeral-attachments' ? { ephemeral: true } : {}),
      };
    },
    open(pathname, query) {
      const record = records.get(pathname.split('/')[3] ?? '');
      if (!record || pathOf(record) !== pathname) return undefined;
      const ex = query.get('ex') ?? '';
      if (query.get('hm') !== sign(pathname, ex, query.get('is') ?? '')) return undefined;
      if (Number.parseInt(ex, 16) * 1000 <= clock.now()) return undefined;
      const bytes = dir ? readFileSync(path.join(dir, record.id)) : memory.get(record.id);
      return bytes && { bytes, contentType: record.contentType };
    },
    get: (id) => records.get(id),
  };
}
