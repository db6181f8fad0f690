/** @file Writes messages with the bot token, which never expires: no interaction has to be alive for it. */
import {
  MessageFlags,
  type RawFile,
  type REST,
  type RESTPatchAPIChannelMessageJSONBody,
  type RESTPostAPIChannelMessageJSONBody,
  Routes,
} from 'discord.js';
import { withDeadline } from '../deadline.ts';
import type { MessageView } from '../views/message-view.ts';

/** Writes, changes and deletes messages of ours. Throws what Discord or the network throws. */
export interface Poster {
  /**
   * Posts a message; posting the same nonce again within minutes gives the message that is there already.
   *
   * @param nonce at most 25 characters
   * @returns the message's id
   */
  post(channelId: string, view: MessageView, nonce: string): Promise<string>;
  /** Replaces a message, its files included. */
  edit(channelId: string, messageId: string, view: MessageView): Promise<void>;
  /** Replaces a message's words and buttons; its files stay. */
  editText(channelId: string, messageId: string, view: MessageView): Promise<void>;
  remove(channelId: string, messageId: string): Promise<void>;
  /** @returns the channel of the user's direct messages */
  openDirectMessages(userId: string): Promise<string>;
}

/** A request with files may take long, but not for ever: the library waits for a stalled body without end. */
const REQUEST_MS = 60_000;

/** Sends a request, with a deadline. */
export const sendInTime = <T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  withDeadline(request(AbortSignal.timeout(REQUEST_MS)), REQUEST_MS);

/** Builds a poster on the library's REST client, which keeps Discord's rate limits. */
export function createPoster(rest: REST): Poster {
  return {
    async post(channelId, view, nonce) {
      const body: RESTPostAPIChannelMessageJSONBody = {
        ...(view.isCard ? {} : { content: view.content }),
        ...toBody(view),
        nonce,
        enforce_nonce: true,
      };
      const message = await sendInTime((signal) =>
        rest.post(Routes.channelMessages(channelId), { body, files: toFiles(view), signal }),
      );
      return idOf(message);
    },
    async edit(channelId, messageId, view) {
      // A card has no content; saying so clears what was there.
      const content = view.isCard ? null : view.content;
      const body: RESTPatchAPIChannelMessageJSONBody = { content, ...toBody(view) };
      const message = await sendInTime((signal) =>
        rest.patch(Routes.channelMessage(channelId, messageId), {
          body,
          files: toFiles(view),
          signal,
        }),
      );
      idOf(message);
    },
    async editText(channelId, messageId, view) {
      const { attachments: _, ...body } = toBody(view);
      const content = view.isCard ? null : view.content;
      const changes: RESTPatchAPIChannelMessageJSONBody = { content, ...body };
      const message = await sendInTime((signal) =>
        rest.patch(Routes.channelMessage(channelId, messageId), { body: changes, signal }),
      );
      idOf(message);
    },
    async remove(channelId, messageId) {
      await sendInTime((signal) =>
        rest.delete(Routes.channelMessage(channelId, messageId), { signal }),
      );
    },
    async openDirectMessages(userId) {
      const body = { recipient_id: userId };
      return idOf(await sendInTime((signal) => rest.post(Routes.userChannels(), { body, signal })));
    },
  };
}

/** @returns what requests with a message have in common */
export function toBody(view: MessageView) {
  return {
    ...(view.isCard ? { flags: MessageFlags.IsComponentsV2 } : {}),
    components: [...view.components],
    // Naming only the new files drops those that the message had.
    attachments: view.files.map(({ name, description }, index) => ({
      id: String(index),
      filename: name,
      description,
    })),
    allowed_mentions: { parse: [] },
  };
}

/** @returns the files as the library takes them */
export function toFiles(view: MessageView): RawFile[] {
  return view.files.map(({ name, bytes }) => ({ name, data: bytes, contentType: 'image/png' }));
}

/** A proxy may answer 200 with a page: whatever is no message, nor anything else with an id, counts as lost. */
export function idOf(message: unknown): string {
  const id = (message as { id?: unknown } | null)?.id;
  if (typeof id !== 'string') throw new SyntaxError('Discord answered with something else');
  return id;
}
