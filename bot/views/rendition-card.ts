/** @file The card of a rendition: its pictures with all that can be done with them, or the reason why there are none. */
import type { Outcome } from '#db/jobs/outcome.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { buildCustomId } from '../custom-ids.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import { failureSentence } from './failures.ts';
import {
  type ButtonView,
  buttonRow,
  cardView,
  type MessageView,
  mediaGallery,
  textDisplay,
  type ViewFile,
} from './message-view.ts';
import { fitText, list, oneLine, plain } from './text.ts';

type ShownRendition = Pick<
  Rendition,
  'id' | 'userId' | 'guildId' | 'prompt' | 'seed' | 'settings' | 'renderedWith' | 'sourceId'
>;
type ShownSubject = Pick<Subject, 'name'>;

/** How much of a prompt a card repeats. */
const PROMPT_LENGTH = 700;

/** Why pictures that were drawn cannot be shown. */
const missingSentences = {
  unreadable: () => say('The pictures could not be read any more.'),
  'too-large': () => say('The pictures are larger than Discord takes from me.'),
} as const;
/** See {@link missingSentences}. */
export type MissingReason = keyof typeof missingSentences;

/**
 * @param pictures those that can be shown, or why none can
 * @returns the card with the pictures, or with the reason why there are none
 */
export function renditionEnded(
  rendition: ShownRendition,
  subjects: readonly ShownSubject[],
  outcome: Outcome,
  pictures: readonly Buffer[] | MissingReason,
): MessageView {
  const head = renditionHead(rendition, subjects);
  if (outcome.outcome === 'cancelled') return cardView([textDisplay(...head, say('Cancelled.'))]);
  if (outcome.outcome === 'failed') {
    const reason = failureSentence(outcome.code, outcome.detail);
    const tools = outcome.code === 'SUBJECT_DELETED' ? [] : [buttonRow(...toolButtons(rendition))];
    return cardView([textDisplay(...head, say`Not drawn. ${reason}`), ...tools]);
  }
  if (typeof pictures === 'string' || pictures.length === 0) {
    const reason = typeof pictures === 'string' ? pictures : 'unreadable';
    return cardView([
      textDisplay(...head, missingSentences[reason]()),
      buttonRow(...toolButtons(rendition)),
    ]);
  }
  const files = pictures
    .slice(0, limits.buttonsPerRow - 1)
    .map((bytes, index, all) => pictureFile(rendition, bytes, index, all.length));
  return cardView(
    [
      textDisplay(...head),
      mediaGallery(files),
      textDisplay(factLine(rendition)),
      ...pictureRows(rendition, files.length),
      buttonRow(...toolButtons(rendition)),
      ...publishRows(rendition, files.length),
    ],
    files,
  );
}

/** @returns the lines that every card of a rendition begins with */
export function renditionHead(
  { userId, prompt }: Pick<Rendition, 'userId' | 'prompt'>,
  subjects: readonly ShownSubject[],
): string[] {
  const names = list(subjects.map(({ name }) => `**${plain(name)}**`));
  const head = names === '' ? say`for <@${userId}>` : say`${names} for <@${userId}>`;
  return [head, `> ${plain(prompt, PROMPT_LENGTH)}`];
}

function pictureFile(
  rendition: ShownRendition,
  bytes: Buffer,
  index: number,
  total: number,
): ViewFile {
  const which = total === 1 ? say('Picture') : say`Picture ${index + 1} of ${total}`;
  return {
    name: `rendition-${index + 1}.png`,
    bytes,
    description: fitText(`${which}: ${oneLine(rendition.prompt)}`, limits.altTextLength),
  };
}

function factLine({ seed, settings, renderedWith }: ShownRendition): string {
  const facts = [say`Seed ${seed}`];
  if (renderedWith) facts.push(`${renderedWith.width} × ${renderedWith.height}`);
  if (settings.enlarge !== undefined) {
    facts.push(say`enlarged ${settings.enlarge}× by resampling: no new detail`);
  }
  return facts.join(' · ');
}

/** What can be done with each picture: of several, U enlarges and V varies the one with that number. */
function pictureRows(rendition: ShownRendition, total: number) {
  const { id, settings } = rendition;
  if (total > 1) {
    const numbers = Array.from({ length: total }, (_, index) => index);
    return [
      buttonRow(
        ...numbers.map((index) => ({
          label: `U${index + 1}`,
          customId: buildCustomId('enlarge-2', id, index),
        })),
      ),
      buttonRow(
        ...numbers.map((index) => ({
          label: `V${index + 1}`,
          customId: buildCustomId('vary-strong', id, index),
        })),
      ),
    ];
  }
  const enlarge = ([2, 4] as const)
    .filter((factor) => factor !== settings.enlarge)
    .map((factor) => ({
      label: say`Enlarge ${factor}×`,
      customId: buildCustomId(`enlarge-${factor}`, id, 0),
    }));
  return [
    buttonRow(
      ...enlarge,
      { label: say('Vary a little'), customId: buildCustomId('vary-subtle', id, 0) },
      { label: say('Vary a lot'), customId: buildCustomId('vary-strong', id, 0) },
    ),
  ];
}

function toolButtons({ id, settings, sourceId }: ShownRendition): ButtonView[] {
  const isAttached = settings.strength !== undefined && sourceId === null;
  const canRepeat = !isAttached && settings.enlarge === undefined;
  return [
    ...(canRepeat ? [{ label: say('🔄 Again'), customId: buildCustomId('again', id) }] : []),
    { label: say('✏️ Edit'), customId: buildCustomId('edit', id) },
    { label: say('ℹ️ Info'), customId: buildCustomId('info', id) },
    { label: say('🗑️ Delete'), customId: buildCustomId('delete-pictures', id), style: 'danger' },
  ];
}

function publishRows({ id, guildId }: ShownRendition, total: number) {
  if (guildId === null) return [];
  return [
    buttonRow(
      ...Array.from({ length: total }, (_, index) => ({
        label: total === 1 ? say('Publish') : say`Publish ${index + 1}`,
        customId: buildCustomId('publish', id, index),
      })),
    ),
  ];
}
