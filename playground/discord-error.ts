/** @file Discord's error answers: status, numeric code, and the nested `errors` tree of a refused form. */
import type { Json } from './json.ts';
import { asArray } from './json.ts';

/** An answer with an HTTP error status in Discord's own shape. */
export class DiscordError extends Error {
  override name = 'DiscordError';
  readonly status: number;
  readonly code: number;
  readonly errors: Json | undefined;

  constructor(status: number, code: number, message: string, errors?: Json) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  /** @returns the body that goes over the wire */
  toBody(): Json {
    return {
      message: this.message,
      code: this.code,
      ...(this.errors ? { errors: this.errors } : {}),
    };
  }
}

/** The refusals the playground knows, by what Discord calls them. */
export const refuse = {
  unauthorized: () => new DiscordError(401, 0, '401: Unauthorized'),
  notFound: () => new DiscordError(404, 0, '404: Not Found'),
  methodNotAllowed: () => new DiscordError(405, 0, '405: Method Not Allowed'),
  unknownChannel: () => new DiscordError(404, 10003, 'Unknown Channel'),
  unknownGuild: () => new DiscordError(404, 10004, 'Unknown Guild'),
  unknownMember: () => new DiscordError(404, 10007, 'Unknown Member'),
  unknownMessage: () => new DiscordError(404, 10008, 'Unknown Message'),
  unknownUser: () => new DiscordError(404, 10013, 'Unknown User'),
  unknownWebhook: () => new DiscordError(404, 10015, 'Unknown Webhook'),
  unknownInteraction: () => new DiscordError(404, 10062, 'Unknown interaction'),
  unknownCommand: () => new DiscordError(404, 10063, 'Unknown application command'),
  alreadyAcknowledged: () =>
    new DiscordError(400, 40060, 'Interaction has already been acknowledged.'),
  tooLarge: () => new DiscordError(413, 40005, 'Request entity too large'),
  missingAccess: () => new DiscordError(403, 50001, 'Missing Access'),
  notAuthor: () => new DiscordError(403, 50005, 'Cannot edit a message authored by another user'),
  emptyMessage: () => new DiscordError(400, 50006, 'Cannot send an empty message'),
  notText: () => new DiscordError(400, 50008, 'Cannot send messages in a non-text channel'),
  cannotSendToUser: () => new DiscordError(403, 50007, 'Cannot send messages to this user'),
  missingPermissions: () => new DiscordError(403, 50013, 'Missing Permissions'),
  invalidWebhookToken: () => new DiscordError(401, 50027, 'Invalid Webhook Token'),
  invalidJson: () => new DiscordError(400, 50109, 'The request body contains invalid JSON.'),
} as const;

/** Collects what is wrong with a form and turns it into one 400 with code 50035. */
export class FormErrors {
  readonly #tree: Json = {};
  #count = 0;

  /** Notes one error. @param path where in the body, such as `['data', 'components', 0, 'custom_id']` */
  add(path: readonly (string | number)[], code: string, message: string): void {
    let node = this.#tree;
    for (const key of path) {
      node[key] ??= {};
      node = node[key] as Json;
    }
    node._errors = [...asArray(node._errors), { code, message }];
    this.#count += 1;
  }

  /** Notes an error when a text is missing, is none, or has the wrong length. */
  length(path: readonly (string | number)[], value: unknown, min: number, max: number): void {
    if (value === undefined || value === null) {
      if (min > 0) this.add(path, 'BASE_TYPE_REQUIRED', 'This field is required');
      return;
    }
    if (typeof value !== 'string') {
      this.add(path, 'STRING_TYPE_CONVERT', 'Could not convert value to string.');
    } else if (value.length < min || value.length > max) {
      this.add(path, 'BASE_TYPE_BAD_LENGTH', `Must be between ${min} and ${max} in length.`);
    }
  }

  /** @returns how many errors were noted */
  get count(): number {
    return this.#count;
  }

  /** @returns the nested errors as they go over the wire */
  get tree(): Json {
    return this.#tree;
  }

  /** @throws {DiscordError} 400, code 50035, when anything was noted */
  throwIfAny(): void {
    if (this.#count > 0) throw new DiscordError(400, 50035, 'Invalid Form Body', this.#tree);
  }
}
