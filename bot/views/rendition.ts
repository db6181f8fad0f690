/** @file Views of a rendition: the answer to `/imagine`, and the pictures or the reason why there are none. */
import type { Outcome } from '#db/jobs/outcome.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { buildCustomId } from '../custom-ids.ts';
import { limits } from './discord-limits.ts';
import { failureSentence } from './failures.ts';
import { buttonRow, type MessageView, messageView, type ViewFile } from './message-view.ts';
import { count, fitText, oneLine, plain } from './text.ts';

type ShownRendition = Pick<Rendition, 'id' | 'userId' | 'guildId' | 'prompt' | 'seed' | 'count'>;
type ShownSubject = Pick<Subject, 'name'>;

/** How much of a prompt a message repeats. */
const PROMPT_LENGTH = 700;

/** @returns what the asker alone sees when the prompt has been taken */
export function renditionTaken(pictures: number, subject: ShownSubject): MessageView {
  return messageView(
    `I am drawing ${count(pictures, 'picture')} of **${plain(subject.name)}**. They will appear in this channel.`,
  );
}

/** @returns the message with the pictures, or with the reason why there are none */
export function renditionEnded(
  rendition: ShownRendition,
  subject: ShownSubject | null,
  outcome: Outcome,
  pictures: readonly Buffer[],
): MessageView {
  const name = subject ? `**${plain(subject.name)}** ` : '';
  const head = [`${name}for <@${rendition.userId}>`, `> ${plain(rendition.prompt, PROMPT_LENGTH)}`];
  if (outcome.outcome === 'cancelled') return messageView([...head, 'Cancelled.'].join('\n'));
  if (outcome.outcome === 'failed') {
    const reason = failureSentence(outcome.code, outcome.detail);
    return messageView([...head, `Not drawn. ${reason}`].join('\n'));
  }
  const shown = pictures.slice(0, limits.attachments);
  const lines = shown.length > 0 ? head : [...head, 'The pictures could not be read any more.'];
  const canPublish = rendition.guildId !== null && shown.length > 0;
  return messageView([...lines, `Seed ${rendition.seed}`].join('\n'), {
    files: shown.map((bytes, index) => pictureFile(rendition, bytes, index, shown.length)),
    components: canPublish ? [publishRow(rendition.id, shown.length)] : [],
  });
}

function pictureFile(
  rendition: ShownRendition,
  bytes: Buffer,
  index: number,
  total: number,
): ViewFile {
  const which = total === 1 ? 'Picture' : `Picture ${index + 1} of ${total}`;
  return {
    name: `rendition-${index + 1}.png`,
    bytes,
    description: fitText(`${which}: ${oneLine(rendition.prompt)}`, limits.altTextLength),
  };
}

function publishRow(renditionId: string, total: number) {
  return buttonRow(
    ...Array.from({ length: Math.min(total, limits.buttonsPerRow) }, (_, index) => ({
      label: total === 1 ? 'Publish' : `Publish ${index + 1}`,
      customId: buildCustomId('publish', renditionId, index),
    })),
  );
}
