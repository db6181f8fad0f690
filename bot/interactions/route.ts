/** @file From an interaction to its handler: each one once, and each error to a sentence. */

import {
  type Client,
  Events,
  type Interaction,
  type ModalSubmitInteraction,
  type StringSelectMenuInteraction,
} from 'discord.js';
import type { Logger } from 'pino';
import { rememberLocale } from '#db/queries/users.ts';
import type { Command, MessageCommand } from '../commands/command.ts';
import { commands, messageCommands } from '../commands/index.ts';
import { buttons, forms, menus, modals, selects } from '../components/index.ts';
import type { BotContext } from '../context.ts';
import {
  type ButtonAction,
  buttonActions,
  formActions,
  parseCustomId,
  selectActions,
} from '../custom-ids.ts';
import { classifyFailure } from '../discord-failure.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { inLocale, localeFor } from '../words/say.ts';
import { askerOf, checkAllowed } from './checks.ts';
import { startOwing } from './owed-answer.ts';
import { type Answerable, answer, answerChoices, isBeyondAnswer } from './respond.ts';

/** How many interaction ids are remembered, to drop an event that Discord delivers twice. */
const REMEMBERED = 10_000;

/** Interactions being handled. */
export interface Router {
  /** Stops taking interactions and waits for those under way, at most so long. */
  drain(timeoutMs: number): Promise<void>;
}

/** Starts handling interactions. */
export function routeInteractions(
  client: Client,
  bot: BotContext,
  onRestart: (reason: string) => void,
): Router {
  const seen = new Set<string>();
  const running = new Set<Promise<void>>();

  const listener = (interaction: Interaction) => {
    if (seen.has(interaction.id)) {
      bot.logger.info({ interactionId: interaction.id }, 'interaction delivered again, ignored');
      return;
    }
    seen.add(interaction.id);
    if (seen.size > REMEMBERED)
      for (const oldest of [...seen].slice(0, REMEMBERED / 2)) seen.delete(oldest);
    const handled = inLocale(localeFor(interaction.locale), () =>
      handle(interaction, bot, onRestart),
    ).finally(() => running.delete(handled));
    running.add(handled);
  };
  client.on(Events.InteractionCreate, listener);

  return {
    async drain(timeoutMs) {
      client.off(Events.InteractionCreate, listener);
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
      await Promise.race([Promise.allSettled([...running]), timeout]);
    },
  };
}

async function handle(
  interaction: Interaction,
  bot: BotContext,
  onRestart: (reason: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  const logger = bot.logger.child({ interactionId: interaction.id, what: describe(interaction) });
  const durationMs = () => Math.round(performance.now() - startedAt);
  if (askerOf(interaction).guildId === null) rememberSpoken(interaction, bot, logger);
  const owed = isAnswerable(interaction) ? startOwing(bot, interaction) : undefined;
  try {
    await dispatch(interaction, bot);
    logger.info({ durationMs: durationMs() }, 'interaction handled');
    await owed?.settle();
  } catch (error) {
    if (error instanceof UserError)
      logger.info({ durationMs: durationMs(), code: error.code }, 'interaction refused');
    else if (interaction.isAutocomplete()) logger.info({ err: error }, 'choices not answered');
    else logger.error({ err: error, durationMs: durationMs() }, 'interaction failed');
    try {
      await answerError(interaction, error);
      await owed?.settle();
    } catch (second) {
      logger.warn({ err: second }, 'the user could not be told');
      if (classifyFailure(second).kind === 'restart') onRestart(classifyFailure(second).code);
      await owed?.lose();
    }
  }
}

/** What is written to the user later, without an interaction, speaks the same language. The handler does not wait for it. */
function rememberSpoken({ user, locale }: Interaction, bot: BotContext, logger: Logger): void {
  rememberLocale(bot.db, user.id, localeFor(locale)).catch((error) =>
    logger.warn({ err: error }, 'language not remembered'),
  );
}

async function dispatch(interaction: Interaction, bot: BotContext): Promise<void> {
  // One look at one row, also before a form, which must be the first answer.
  if (!isAlwaysAllowed(interaction)) await checkAllowed(interaction, bot.db);
  if (interaction.isAutocomplete()) {
    const command = commands.find(({ definition }) => definition.name === interaction.commandName);
    const choices =
      command && 'autocomplete' in command ? await command.autocomplete(interaction, bot) : [];
    await answerChoices(interaction, choices);
  } else if (interaction.isChatInputCommand()) {
    const command = commands.find(({ definition }) => definition.name === interaction.commandName);
    if (!command) throw new UserError('UNKNOWN_COMMAND', refusals.unknownCommand());
    await command.run(interaction, bot);
  } else if (interaction.isMessageContextMenuCommand()) {
    const command = messageCommands.find(
      ({ definition }) => definition.name === interaction.commandName,
    );
    if (!command) throw new UserError('UNKNOWN_COMMAND', refusals.unknownCommand());
    await command.run(interaction, bot);
  } else if (interaction.isButton()) {
    const target = parseCustomId(interaction.customId, buttonActions);
    if (!target) throw new UserError('UNKNOWN_BUTTON', refusals.unknownButton());
    await buttons[target.action](interaction, bot, target);
  } else if (interaction.isStringSelectMenu()) {
    await dispatchMenu(interaction, bot);
  } else if (interaction.isModalSubmit()) {
    await dispatchModal(interaction, bot);
  } else if (interaction.isRepliable()) {
    throw new UserError('UNKNOWN_COMMAND', refusals.unknownCommand());
  }
}

/** Those about one's own rights, and the moderators' own. */
const alwaysAllowedButtons: readonly ButtonAction[] = [
  'unpublish',
  'allow',
  'refuse',
  'report',
  'approve',
  'deny',
];

/** Whether it works even where the server's admins have not opened the bot. */
function isAlwaysAllowed(interaction: Interaction): boolean {
  if (interaction.isButton()) {
    return parseCustomId(interaction.customId, alwaysAllowedButtons) !== undefined;
  }
  if (!interaction.isCommand() && !interaction.isAutocomplete()) return false;
  const all: readonly (Command | MessageCommand)[] = [...commands, ...messageCommands];
  const command = all.find(({ definition }) => definition.name === interaction.commandName);
  return command?.isAlwaysAllowed === true;
}

async function dispatchMenu(
  interaction: StringSelectMenuInteraction,
  bot: BotContext,
): Promise<void> {
  const menu = menus.find(({ customId }) => customId === interaction.customId);
  if (menu) return menu.run(interaction, bot);
  const target = parseCustomId(interaction.customId, selectActions);
  if (!target) throw new UserError('UNKNOWN_BUTTON', refusals.unknownButton());
  await selects[target.action](interaction, bot, target);
}

async function dispatchModal(interaction: ModalSubmitInteraction, bot: BotContext): Promise<void> {
  const modal = modals.find(({ customId }) => customId === interaction.customId);
  if (modal) return modal.run(interaction, bot);
  const target = parseCustomId(interaction.customId, formActions);
  if (!target) throw new UserError('UNKNOWN_BUTTON', refusals.unknownButton());
  await forms[target.action](interaction, bot, target);
}

async function answerError(interaction: Interaction, error: unknown): Promise<void> {
  if (interaction.isAutocomplete()) {
    if (error instanceof UserError) await answerChoices(interaction, []);
    return;
  }
  if (!isAnswerable(interaction)) return;
  // Nothing can be said to an interaction that is over.
  if (isBeyondAnswer(error)) throw error;
  await answer(
    interaction,
    error instanceof UserError ? error.userMessage : refusals.broken(interaction.id),
  );
}

const isAnswerable = (interaction: Interaction): interaction is Extract<Interaction, Answerable> =>
  interaction.isChatInputCommand() ||
  interaction.isMessageContextMenuCommand() ||
  interaction.isMessageComponent() ||
  interaction.isModalSubmit();

function describe(interaction: Interaction): string {
  if (interaction.isCommand() || interaction.isAutocomplete()) return `/${interaction.commandName}`;
  if ('customId' in interaction) return interaction.customId.split(':')[0] ?? '';
  return `type ${(interaction as { type: number }).type}`;
}
