/** @file What is said in the channel where an answer for one user's eyes did not get through. */
import { say } from '../words/say.ts';
import { type MessageView, messageView } from './message-view.ts';

/** @returns a message that names nothing of what was asked: others read it, too */
export function answerLost(userId: string): MessageView {
  return messageView(
    say`<@${userId}> My answer to you did not get through. \`/jobs list\` shows what I have taken in; if it is not there, please ask again.`,
  );
}
