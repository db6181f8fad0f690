/** @file The folder that the demo leaves behind: transcript, posted pictures, sheet, figures. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { APIMessage } from 'discord-api-types/v10';
import { listFiles, readText } from '../message-parts.ts';
import type { Playground } from '../server.ts';
import type { Conversation } from './conversation.ts';

/** One line of the conversation. */
export interface TranscriptMessage {
  readonly author: string;
  readonly channel: string;
  readonly content: string;
  /** Files in the same folder. */
  readonly attachments: readonly string[];
  /** ISO 8601. */
  readonly time: string;
}

/** A line with the bytes of its attachments. */
interface Line extends Omit<TranscriptMessage, 'attachments'> {
  readonly files: readonly { name: string; bytes: Buffer }[];
}

const TRANSCRIPT = 'transcript.json';

/** Makes the folder, and removes the pictures that an earlier demo left in it. */
export function openOutput(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const earlier = readTranscript(path.join(dir, TRANSCRIPT));
  for (const name of earlier.flatMap(({ attachments }) => attachments)) {
    rmSync(path.join(dir, path.basename(name)), { force: true });
  }
  for (const name of [TRANSCRIPT, 'sheet.png', 'figures.json', 'demo.log']) {
    rmSync(path.join(dir, name), { force: true });
  }
}

function readTranscript(file: string): TranscriptMessage[] {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { messages: TranscriptMessage[] }).messages;
  } catch {
    return [];
  }
}

/** Writes the conversation as its user saw it, and its pictures, numbered so that they sort. */
export async function writeTranscript(
  dir: string,
  playground: Playground,
  conversation: Conversation,
  viewer: string,
): Promise<void> {
  const channel = playground.channel.name;
  const typed = conversation.typed.map(
    ({ author, content, files, time }): Line => ({
      author,
      channel,
      content,
      files: files.map(({ name, bytes }) => ({ name: path.basename(name), bytes })),
      time: time.toISOString(),
    }),
  );
  const seen = await Promise.all(
    playground.messages({ viewer }).map(
      async (message): Promise<Line> => ({
        author: message.author.username,
        channel,
        content: readText(message),
        files: await fetchAttachments(message),
        // A message that was edited says what it says since then.
        time: new Date(message.edited_timestamp ?? message.timestamp).toISOString(),
      }),
    ),
  );
  const lines = [...typed, ...seen].sort((a, b) => (a.time < b.time ? -1 : 1));
  const messages = lines.map(({ files, ...line }, index): TranscriptMessage => {
    const number = String(index + 1).padStart(2, '0');
    const attachments = files.map(({ name, bytes }) => {
      const file = `${number}-${name}`;
      writeFileSync(path.join(dir, file), bytes);
      return file;
    });
    const { author, channel, content, time } = line;
    return { author, channel, content, attachments, time };
  });
  writeJson(path.join(dir, TRANSCRIPT), { messages });
}

/** @returns the files of a message, as anybody in the channel could download them */
export async function fetchAttachments(
  message: APIMessage,
): Promise<{ name: string; bytes: Buffer }[]> {
  return Promise.all(
    listFiles(message).map(async ({ name, url }) => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${name}: the CDN answered ${response.status}`);
      return { name, bytes: Buffer.from(await response.arrayBuffer()) };
    }),
  );
}

/** Writes JSON for people and programs. */
export function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
