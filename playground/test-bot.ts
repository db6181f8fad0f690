/** @file For tests only: the real discord.js client, pointed at a playground. */
import type { ClientOptions } from 'discord.js';
import { Client, Events, GatewayIntentBits } from 'discord.js';
import type { Playground, PlaygroundOptions } from './server.ts';
import { startPlayground } from './server.ts';

/** A playground with a logged-in client. */
export interface Stage {
  playground: Playground;
  client: Client<true>;
  /** Errors that reached nobody else. */
  errors: Error[];
  close(): Promise<void>;
}

/** @returns client options that point at a playground */
export function clientOptions(playground: Playground): ClientOptions {
  return {
    intents: [
      GatewayIntentBits.Guilds,
      GatewayIntentBits.GuildMessages,
      GatewayIntentBits.DirectMessages,
    ],
    rest: { api: playground.urls.api, cdn: playground.urls.cdn, version: '10' },
  };
}

/** Logs a client in and waits until it is ready. */
export async function logIn(
  playground: Playground,
  options: ClientOptions = clientOptions(playground),
): Promise<Client<true>> {
  const client = new Client(options);
  const ready = new Promise((resolve) => client.once(Events.ClientReady, resolve));
  await client.login(playground.application.token);
  await ready;
  return client as Client<true>;
}

/** Starts a playground and a client. */
export async function startStage(options: PlaygroundOptions = {}): Promise<Stage> {
  const playground = await startPlayground(options);
  const client = await logIn(playground);
  const errors: Error[] = [];
  client.on(Events.Error, (error) => errors.push(error));
  return {
    playground,
    client,
    errors,
    async close() {
      await client.destroy();
      await playground.close();
    },
  };
}
