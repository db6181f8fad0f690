/** @file Views of subjects: the list, the question before deleting, and the answer after it. */
import type { APISelectMenuOption } from 'discord.js';
import type { FoundSubject } from '#db/queries/subject-search.ts';
import type { Artifact } from '#db/schema/artifacts.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { buildCustomId } from '../custom-ids.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import { storedFailureSentence } from './failures.ts';
import { buttonRow, type MessageView, messageView } from './message-view.ts';
import { code, count, fitText, list, oneLine, plain } from './text.ts';

/** A line of the list. */
export interface ListedSubject {
  readonly subject: Subject;
  readonly photoCount: number;
  /** Of its latest training, where that failed. */
  readonly failureCode: string | null;
  /** Whether Discord did not take the message that told how the latest training ended. */
  readonly wasUndelivered: boolean;
}

function state({ subject, failureCode, wasUndelivered }: ListedSubject): string {
  if (subject.status === 'training') return say('being learned');
  if (subject.status === 'untrained') {
    return failureCode === null
      ? say('not learned: cancelled')
      : say`not learned: ${storedFailureSentence(failureCode)}`;
  }
  return wasUndelivered ? say('ready (I could not post its samples)') : say('ready');
}

/** @returns the user's subjects, a line each, as many as fit */
export function subjectList(subjects: readonly ListedSubject[]): MessageView {
  if (subjects.length === 0) {
    return messageView(
      say('You have not taught me anything yet. Start with `/train` and a few photos.'),
    );
  }
  const lines: string[] = [];
  let length = 0;
  for (const [index, item] of subjects.entries()) {
    const { subject } = item;
    const facts = `${plain(subject.classNoun)}, ${count(item.photoCount, 'photo')}`;
    const line = `• **${plain(subject.name)}** (${facts}): ${state(item)}`;
    const rest = say`…and ${subjects.length - index} more`;
    if (length + line.length + rest.length + 2 > limits.contentLength) {
      lines.push(rest);
      break;
    }
    lines.push(line);
    length += line.length + 1;
  }
  return messageView(lines.join('\n'));
}

/** @param before the subject as it was called until now */
export function subjectRenamed(subject: Subject, before: Subject): MessageView {
  return messageView(
    say`**${plain(before.name)}** is called **${plain(subject.name)}** from now on: write ${code(`[${subject.name}]`)} in prompts. Posts keep the name that they were made with.`,
  );
}

/** @returns the answer to choosing what `[V]` stands for */
export function defaultSubjectChosen(subject: Subject): MessageView {
  return messageView(
    say`${code('[V]')} stands for **${plain(subject.name)}** in your prompts from now on. \`/defaults reset\` takes it back.`,
  );
}

/** @returns the question before a subject is deleted */
export function deleteQuestion(subject: Subject, publishedPictures: number): MessageView {
  const parts = [
    say('its photos'),
    say('what I learned from them'),
    say('my copies of its pictures'),
  ];
  if (publishedPictures > 0) parts.push(count(publishedPictures, 'published picture'));
  return messageView(
    say`Delete **${plain(subject.name)}** with ${list(parts)}? This cannot be undone.`,
    {
      components: [
        buttonRow(
          { label: say('Delete'), customId: buildCustomId('delete', subject.id), style: 'danger' },
          { label: say('Keep'), customId: buildCustomId('keep', subject.id) },
        ),
      ],
    },
  );
}

/** @returns the answer after deleting */
export function subjectDeleted(subject: Subject): MessageView {
  return messageView(
    say`**${plain(subject.name)}**, its photos and my copies of its pictures are deleted.`,
  );
}

/** @returns the answer after thinking better of it */
export function subjectKept(): MessageView {
  return messageView(say('Nothing was deleted.'));
}

/**
 * @param bytes the weights, a safetensors file
 * @returns the answer that hands a subject's weights to its owner
 */
export function subjectWeights(subject: Subject, artifact: Artifact, bytes: Buffer): MessageView {
  const kind =
    artifact.method === 'lora'
      ? say('a LoRA for UNet and text encoder, named as diffusers names it')
      : say('whole weights of UNet and text encoder in half precision');
  const prompt = code(`a ${artifact.identifier} ${subject.classNoun}`);
  return messageView(
    say`**${plain(subject.name)}**: ${kind}, on the base ${code(artifact.baseCheckpointHash)}. In prompts it is ${prompt}.`,
    {
      files: [
        {
          name: `${fileNameOf(subject.name)}.safetensors`,
          bytes,
          description: fitText(say`Weights of ${oneLine(subject.name)}`, limits.altTextLength),
        },
      ],
    },
  );
}

/** A name that every file system takes. */
const fileNameOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase() || 'subject';

const accessWords = {
  mine: () => '',
  user: () => say(', shared with you'),
  role: () => say(', shared with your role'),
  guild: () => say(', shared with this server'),
  everyone: () => say(', shared with everyone'),
} satisfies Record<FoundSubject['access'], () => string>;

/** @returns a choice for autocomplete; its value is the subject's id */
export function subjectChoice(
  subject: Subject,
  access: FoundSubject['access'] = 'mine',
): { name: string; value: string } {
  const facts = ` (${oneLine(subject.classNoun)}${accessWords[access]()})`;
  const name = fitText(oneLine(subject.name), limits.choiceNameLength - facts.length);
  return { name: `${name}${facts}`, value: subject.id };
}

/** @returns an entry of a menu; its value is the subject's id */
export function subjectOption(subject: Subject): APISelectMenuOption {
  return {
    // A name may be nothing but what cannot be seen.
    label: fitText(oneLine(subject.name), limits.choiceNameLength) || say('without a name'),
    description: fitText(subject.classNoun, limits.choiceNameLength),
    value: subject.id,
  };
}
