/** @file What must not stand in a log, whatever went wrong: tokens, and what people had drawn. */
import type { LogLine } from '#playground/demo/testing/spawned.ts';
import { places } from './fill.ts';
import type { CommunityStage } from './stage.ts';

/** @returns lines of the logs with a token or a prompt in them, cut to their kind */
export function listLeaks({ bot, worker, playground }: CommunityStage): string[] {
  const { application, interactions } = playground.world;
  const tokens = new Set([...interactions.values()].map(({ token }) => token));
  const whatLeaks = (text: string) => {
    const words = text.match(/[\w-]{100,}/g) ?? [];
    if (words.some((word) => tokens.has(word))) return "an interaction's token";
    if (text.includes(application.token)) return 'the token';
    return places.some((place) => text.includes(place)) ? 'a prompt' : undefined;
  };
  return [...bot.logs, ...worker.logs].flatMap((line: LogLine) => {
    const leak = whatLeaks(JSON.stringify(line));
    return leak === undefined ? [] : [`log: ${leak} in “${line.msg}”`];
  });
}
