/** @file ⭐ under a published picture is a vote. Read from the gateway's own events: old messages are in nobody's cache. */
import {
  type Client,
  GatewayDispatchEvents,
  type GatewayMessageReactionAddDispatchData,
  type GatewayMessageReactionRemoveDispatchData,
} from 'discord.js';
import { findPostByMessage } from '#db/queries/gallery-posts.ts';
import { castVote } from '#db/queries/gallery-votes.ts';
import type { BotContext } from '../context.ts';

/** The reaction that votes. */
export const STAR = '⭐';

type Reaction = GatewayMessageReactionAddDispatchData | GatewayMessageReactionRemoveDispatchData;

/** Starts counting reactions. @param onSeen told of each first, with its message's id */
export function countReactions(
  client: Client,
  bot: Pick<BotContext, 'db' | 'logger'>,
  onSeen: (messageId: string) => void,
): void {
  const listen = (isOn: boolean) => (reaction: Reaction) => {
    onSeen(reaction.message_id);
    countReaction(bot, reaction, isOn).catch((error) =>
      bot.logger.error({ err: error, messageId: reaction.message_id }, 'reaction not counted'),
    );
  };
  client.ws.on(GatewayDispatchEvents.MessageReactionAdd, listen(true));
  client.ws.on(GatewayDispatchEvents.MessageReactionRemove, listen(false));
}

async function countReaction(
  bot: Pick<BotContext, 'db' | 'logger'>,
  reaction: Reaction,
  isOn: boolean,
): Promise<void> {
  const { emoji, guild_id: guildId, message_id: messageId, user_id: userId } = reaction;
  if (emoji.name !== STAR || guildId === undefined) return;
  if ('member' in reaction && reaction.member?.user?.bot) return;
  const post = await findPostByMessage(bot.db, messageId);
  if (!post) return;
  const cast = await castVote(bot.db, { postId: post.id, guildId, userId, by: 'reaction', isOn });
  bot.logger.info({ postId: post.id, outcome: cast.outcome, isOn }, 'reaction seen');
}
