/** @file What the demo's user does in the channel, and what she sees come back. */
import type { APIMessage } from 'discord-api-types/v10';
import type { ActionOutcome } from '../delivery.ts';
import { findCustomId, listFiles, readText } from '../message-parts.ts';
import type { Playground } from '../server.ts';
import type { DemoPhoto } from './photos.ts';

/** Something did not come about; the message says what, in a sentence for people. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** A line of the transcript that no message stands for: a command as its user typed it. */
export interface TypedCommand {
  readonly author: string;
  readonly content: string;
  readonly files: readonly DemoPhoto[];
  readonly time: Date;
}

/** One user in one channel. */
export interface Conversation {
  readonly typed: readonly TypedCommand[];
  /** Opens the form and sends it. @returns the interaction that the training comes from */
  train(subject: {
    name: string;
    classNoun: string;
    photos: readonly DemoPhoto[];
  }): Promise<string>;
  /** Waits for the message that ends the training. @throws {DemoError} with its reason when it failed */
  seeTrained(name: string): Promise<APIMessage>;
  /** Asks for pictures and waits for them. @throws {DemoError} with the reason when there are none */
  imagine(request: { prompt: string; seed: number; count: number }): Promise<APIMessage>;
}

/** Discord gives a bot 3 s; a person whose command went unanswered tries again. */
const TRIES = 3;
/** From the last step to the message in the channel. */
const POSTING_MS = 60_000;
/** A queue, a start of the engine and a rendering, on a slow machine. */
const RENDERING_MS = 30 * 60_000;

/** @param user who talks */
export function startConversation(playground: Playground, user: string): Conversation {
  const typed: TypedCommand[] = [];
  const note = (content: string, files: readonly DemoPhoto[] = []) =>
    typed.push({ author: user, content, files, time: new Date() });
  const mention = `<@${playground.user(user).id}>`;

  return {
    typed,

    async train({ name, classNoun, photos }) {
      note(`/train class: ${classNoun} name: ${name}`, photos);
      await untilAnswered('/train', () => playground.command({ user, name: 'train' }));
      const sent = await playground.modal({
        user,
        customId: 'train',
        values: { class: classNoun, name, consent: ['yes'] },
        files: { photos: photos.map((photo) => ({ ...photo })) },
        until: 'settled',
        timeoutMs: POSTING_MS,
      });
      const question = sent.message;
      const customId = question && findCustomId(question, 'train-start:');
      if (!customId) throw refusal('/train', sent);
      const started = await untilAnswered('Start', () =>
        playground.click({
          user,
          message: question.id,
          customId,
          until: 'settled',
          timeoutMs: POSTING_MS,
        }),
      );
      const answer = started.message ? readText(started.message) : '';
      if (!answer.startsWith('I am learning')) throw refusal('Start', started);
      return sent.interactionId;
    },

    async seeTrained(name) {
      const ended = await playground.waitForMessage(
        (message) => {
          const text = readText(message);
          return (
            text.startsWith(`**${name}**`) && /^(Ready\.|Not learned\.|Cancelled\.)/m.test(text)
          );
        },
        { timeoutMs: POSTING_MS },
      );
      if (/^Ready\./m.test(readText(ended))) return ended;
      throw new DemoError(`The training ended without a result: ${lastLine(readText(ended))}`);
    },

    async imagine({ prompt, seed, count }) {
      note(`/imagine prompt: ${prompt} seed: ${seed} count: ${count}`);
      const before = new Set(playground.messages().map(({ id }) => id));
      const sent = await untilAnswered('/imagine', () =>
        playground.command({
          user,
          name: 'imagine',
          options: { prompt, seed, count },
          until: 'settled',
        }),
      );
      if (!sent.message?.content.startsWith('I am drawing')) throw refusal('/imagine', sent);
      const ended = await playground.waitForMessage(
        (message) =>
          !before.has(message.id) &&
          readText(message).includes(mention) &&
          readText(message).includes('\n> '),
        { timeoutMs: RENDERING_MS },
      );
      if (listFiles(ended).length === count) return ended;
      throw new DemoError(`"${prompt}" was not drawn: ${lastLine(readText(ended))}`);
    },
  };
}

async function untilAnswered(
  command: string,
  send: () => Promise<ActionOutcome>,
): Promise<ActionOutcome> {
  for (let tries = 1; ; tries++) {
    const outcome = await send();
    if (outcome.answered) return outcome;
    if (tries === TRIES) throw new DemoError(`The bot did not answer ${command} within 3 seconds.`);
  }
}

function refusal(command: string, outcome: ActionOutcome): DemoError {
  const reason = outcome.message ? readText(outcome.message) : 'no answer came';
  return new DemoError(`The bot did not take ${command}: ${reason}`);
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';
