/** @file For tests: one user in a playground's channel, and what is posted there about her subjects. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { APIMessage } from 'discord-api-types/v10';
import sharp from 'sharp';
import { createManualClock } from '../../clock.ts';
import { findCustomId, readText } from '../../message-parts.ts';
import { createOpenApiValidator } from '../../openapi.ts';
import { type Playground, startPlayground } from '../../server.ts';

/** See {@link openTestChannel}. */
export interface TestChannel {
  readonly playground: Playground;
  /** Messages about a subject that everybody in the channel sees. */
  about(name: string): APIMessage[];
  /** Sends the form of `/train` with three photos. */
  train(name: string, classNoun: string): Promise<void>;
  /** Waits for the message that ends a training, and then for a second one. @returns all of them */
  seeEnd(name: string): Promise<APIMessage[]>;
  /** Waits until the training's message shows a step. */
  seeStep(name: string, step: number): Promise<void>;
  close(): Promise<void>;
}

/** Discord's own description of its API, where it is at hand. */
const openApiPath = fileURLToPath(
  new URL('../../../../shared/data/discord/openapi.json', import.meta.url),
);
/** For whole trainings on a busy machine. */
export const END_MS = 400_000;
/** Would a second message come, it came within a few looks of the bot at its outbox. */
const SECOND_MESSAGE_MS = 2_500;

/** Starts a playground whose clock stands still, so that a busy machine breaks no 3 s rule. */
export async function openTestChannel(): Promise<TestChannel> {
  const playground = await startPlayground({
    clock: createManualClock(),
    ...(existsSync(openApiPath) ? { validate: createOpenApiValidator(openApiPath) } : {}),
  });
  const about = (name: string) =>
    playground.messages().filter((message) => readText(message).startsWith(`**${name}**`));
  const isEnd = (message: APIMessage) =>
    /^(Ready\.|Not learned\.|Cancelled\.)/m.test(readText(message));
  return {
    playground,
    about,
    async train(name, classNoun) {
      await playground.command({ user: 'ada', name: 'train', timeoutMs: 30_000 });
      const sent = await playground.modal({
        user: 'ada',
        customId: 'train',
        values: { class: classNoun, name, consent: ['yes'] },
        files: { photos: await makePhotos() },
        until: 'settled',
        timeoutMs: 60_000,
      });
      const question = sent.message;
      const customId = question && findCustomId(question, 'train-start:');
      if (!customId) throw new Error(`/train: ${question ? readText(question) : sent.note}`);
      await playground.click({
        user: 'ada',
        message: question.id,
        customId,
        until: 'settled',
        timeoutMs: 60_000,
      });
    },
    async seeEnd(name) {
      const fits = (message: APIMessage) =>
        readText(message).startsWith(`**${name}**`) && isEnd(message);
      await playground.waitForMessage(fits, { timeoutMs: END_MS });
      await sleep(SECOND_MESSAGE_MS);
      return about(name);
    },
    async seeStep(name, step) {
      await playground.waitForMessage(
        (message) => {
          const text = readText(message);
          const isAbout = text.startsWith(`**${name}**`) && text.includes('Learning');
          return isAbout && Number(/^Step (\d+) of/m.exec(text)?.[1] ?? 0) >= step;
        },
        { timeoutMs: END_MS },
      );
    },
    close: () => playground.close(),
  };
}

async function makePhotos(): Promise<{ name: string; bytes: Buffer }[]> {
  return Promise.all(
    ['#c04020', '#40c020', '#2040c0'].map(async (background, index) => {
      const create = { width: 80, height: 64, channels: 3, background } as const;
      return { name: `${index + 1}.png`, bytes: await sharp({ create }).png().toBuffer() };
    }),
  );
}
