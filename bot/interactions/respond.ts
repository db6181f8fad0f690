/** @file The only code that answers interactions. An answer is sent again where it may have been lost, and shown once. */
import {
  AttachmentBuilder,
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  DiscordjsError,
  DiscordjsErrorCodes,
  type MessageComponentInteraction,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  type ModalBuilder,
  type ModalSubmitInteraction,
} from 'discord.js';
import { pause, withDeadline } from '../deadline.ts';
import { classifyFailure, discordCodes, isDiscordCode } from '../discord-failure.ts';
import { limits } from '../views/discord-limits.ts';
import { type MessageView, messageView } from '../views/message-view.ts';

/** An interaction that can be answered with a message. */
export type Answerable =
  | ChatInputCommandInteraction
  | MessageContextMenuCommandInteraction
  | MessageComponentInteraction
  | ModalSubmitInteraction;

/** Discord drops an interaction that was not acknowledged after 3 s; an answer to ours may take a little longer. */
const ACKNOWLEDGE_MS = 5_000;
const ANSWER_MS = 60_000;
const ANSWER_TRIES = 5;

/** Acknowledges; {@link answer} follows within 15 minutes. The answer is for the user's eyes only. */
export async function deferAnswer(interaction: Answerable): Promise<void> {
  await acknowledge(
    () => interaction.deferReply({ flags: MessageFlags.Ephemeral }),
    () => {
      interaction.deferred = true;
      interaction.ephemeral = true;
    },
  );
}

/** Acknowledges a button; {@link changeSource} follows. */
export async function deferChange(interaction: MessageComponentInteraction): Promise<void> {
  await acknowledge(
    () => interaction.deferUpdate(),
    () => {
      interaction.deferred = true;
    },
  );
}

/** Opens a form. It must be the first answer. */
export async function openForm(
  interaction: Exclude<Answerable, ModalSubmitInteraction>,
  modal: ModalBuilder,
): Promise<void> {
  await acknowledge(
    () => interaction.showModal(modal),
    () => {
      interaction.replied = true;
    },
  );
}

/** Answers while the user types; late or failed answers are nobody's loss. */
export async function answerChoices(
  interaction: AutocompleteInteraction,
  choices: readonly { name: string; value: string }[],
): Promise<void> {
  await withDeadline(interaction.respond(choices.slice(0, limits.choices)), ACKNOWLEDGE_MS);
}

/** Answers with a message that only the user sees. */
export async function answer(interaction: Answerable, view: MessageView | string): Promise<void> {
  const message = typeof view === 'string' ? messageView(view) : view;
  await unlessFollowed(message, () => sendAnswer(interaction, message));
}

/** Changes the message whose button was pressed, after {@link deferChange}. */
export async function changeSource(
  interaction: MessageComponentInteraction,
  view: MessageView,
): Promise<void> {
  await unlessFollowed(view, () => repeat(() => interaction.editReply(changedPayload(view))));
}

/** @returns whether the interaction takes no answer any more: it came too late, or its token has run out */
export const isBeyondAnswer = (error: unknown): boolean =>
  isDiscordCode(
    error,
    discordCodes.unknownInteraction,
    discordCodes.unknownWebhook,
    discordCodes.invalidWebhookToken,
  );

/** What a message in the channel will say anyway need not get through here, unless our token is dead. */
async function unlessFollowed(view: MessageView, send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!view.isFollowed || classifyFailure(error).kind === 'restart') throw error;
  }
}

async function sendAnswer(interaction: Answerable, message: MessageView): Promise<void> {
  if (!interaction.deferred && !interaction.replied) {
    await acknowledge(
      () => interaction.reply({ ...payload(message), flags: ephemeralFlags(message) }),
      () => {
        interaction.replied = true;
      },
    );
  } else if (interaction.deferred && !wasDeferredChange(interaction) && !interaction.replied) {
    await repeat(() => interaction.editReply(changedPayload(message)));
  } else {
    await repeat(
      () => interaction.followUp({ ...payload(message), flags: ephemeralFlags(message) }),
      1,
    );
  }
}

/** After a deferred change, `@original` is the message with the button, which a refusal must not replace. */
function wasDeferredChange(interaction: Answerable): boolean {
  return interaction.isMessageComponent() && interaction.ephemeral === null;
}

function payload(view: MessageView) {
  return {
    ...(view.isCard ? {} : { content: view.content }),
    components: [...view.components],
    files: view.files.map(
      ({ bytes, name, description }) => new AttachmentBuilder(bytes, { name, description }),
    ),
    allowedMentions: { parse: [] },
  };
}

/** Of a message that replaces another. A card has no content; saying so clears what was there. */
function changedPayload(view: MessageView) {
  return {
    ...payload(view),
    attachments: [],
    ...(view.isCard ? { content: null, flags: MessageFlags.IsComponentsV2 as const } : {}),
  };
}

const ephemeralFlags = ({ isCard }: MessageView) =>
  isCard
    ? ([MessageFlags.Ephemeral, MessageFlags.IsComponentsV2] as const)
    : MessageFlags.Ephemeral;

/**
 * Sends a first answer. Discord says "already acknowledged" (40060) when an earlier try arrived after all, or when
 * another process has the same interaction; rows, unique by interaction, keep the second case from doing harm.
 */
async function acknowledge(send: () => Promise<unknown>, markDone: () => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await withDeadline(send(), ACKNOWLEDGE_MS);
      return;
    } catch (error) {
      if (isDiscordCode(error, discordCodes.alreadyAcknowledged) || arrivedLate(error)) {
        markDone();
        return;
      }
      if (attempt === 4 || classifyFailure(error).kind !== 'retry') throw error;
      await pause(100 * 2 ** attempt);
    }
  }
}

/** An earlier try outlived its deadline and arrived after all: discord.js then refuses to send another. */
function arrivedLate(error: unknown): boolean {
  return (
    error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.InteractionAlreadyReplied
  );
}

/** Repeats a request that may be sent twice without harm. */
async function repeat(send: () => Promise<unknown>, tries = ANSWER_TRIES): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await withDeadline(send(), ANSWER_MS);
      return;
    } catch (error) {
      const failure = classifyFailure(error);
      if (attempt >= tries || failure.kind !== 'retry') throw error;
      await pause(failure.delayMs ?? 250 * 2 ** attempt);
    }
  }
}
