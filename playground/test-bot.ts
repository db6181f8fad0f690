/** @file For tests only: the real discord.js client, pointed at a playground. */
import type { ClientOptions, Interaction } from 'discord.js';
import { Client, Events, GatewayIntentBits, SlashCommandBuilder } from 'discord.js';
import type { Playground, PlaygroundOptions } from './server.ts';
import { startPlayground } from './server.ts';

/** A playground with a logged-in client. */
export interface Stage {
  playground: Playground;
  client: Client<true>;
  /** Makes this the client's only answer to interactions from now on. */
  handle(handler: (interaction: Interaction) => unknown): void;
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
  let handler: (interaction: Interaction) => unknown = () => undefined;
  client.on(Events.InteractionCreate, async (interaction) => {
    try {
      await handler(interaction);
    } catch (error) {
      errors.push(error as Error);
    }
  });
  return {
    playground,
    client,
    errors,
    handle(next) {
      handler = next;
    },
    async close() {
      await client.destroy();
      await playground.close();
    },
  };
}

/** Registers one slash command that takes a text and a photo. */
export async function registerPaint(stage: Stage): Promise<void> {
  const paint = new SlashCommandBuilder()
    .setName('paint')
    .setDescription('Paints')
    .addStringOption((option) =>
      option.setName('prompt').setDescription('What').setAutocomplete(true),
    )
    .addAttachmentOption((option) => option.setName('photo').setDescription('A photo'));
  await stage.client.application.commands.set([paint.toJSON()]);
}
