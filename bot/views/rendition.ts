/** @file What only the asker of a rendition sees: that it was taken, a question, its parameters, before it is deleted. */
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { buildCustomId } from '../custom-ids.ts';
import { say } from '../words/say.ts';
import { settingNames } from './defaults.ts';
import { limits } from './discord-limits.ts';
import {
  buttonRow,
  cardView,
  type MessageView,
  messageView,
  selectRow,
  textDisplay,
} from './message-view.ts';
import { subjectOption } from './subjects.ts';
import { code, codeBlock, count, list, nameChannel, plain, workerAway } from './text.ts';

type ShownSubject = Pick<Subject, 'name'>;

/** What became of an `/imagine`, see `requestRendition`. */
type Requested =
  | {
      readonly kind: 'taken';
      readonly subjects: readonly ShownSubject[];
      readonly rendition: Pick<Rendition, 'count' | 'channelId' | 'guildId'>;
      /** Whether a worker is there to take it. */
      readonly isServed: boolean;
    }
  | { readonly kind: 'ask'; readonly draftId: string; readonly candidates: readonly Subject[] };

/**
 * What the asker alone sees: that the prompt has been taken, or a question about it.
 *
 * @param here id of the channel in which they see it
 */
export function renditionAnswer(requested: Requested, here: string): MessageView {
  if (requested.kind === 'ask') return subjectQuestion(requested.draftId, requested.candidates);
  const { rendition, subjects, isServed } = requested;
  const names = list(subjects.map(({ name }) => `**${plain(name)}**`));
  const taken = say`I am drawing ${count(rendition.count, 'picture')} of ${names}. They will appear in ${nameChannel(rendition, here)}.`;
  return messageView(isServed ? taken : `${taken} ${workerAway()}`, { isFollowed: true });
}

/** @param candidates one to 25 */
function subjectQuestion(draftId: string, candidates: readonly Subject[]): MessageView {
  const more =
    candidates.length >= limits.choices
      ? say` Of your subjects, these are the newest ${limits.choices}; any other goes by its name, as in ${code('a [Rex] on the beach')}.`
      : '';
  return messageView(say`Which subject is ${code('[V]')}?${more}`, {
    components: [
      selectRow({
        customId: buildCustomId('choose-subject', draftId),
        placeholder: say('Choose a subject'),
        options: candidates.slice(0, limits.choices).map(subjectOption),
      }),
    ],
  });
}

/** @returns everything a picture was made with, a line each, to be copied */
export function renditionInfo(
  rendition: Rendition,
  subjects: readonly ShownSubject[],
): MessageView {
  const { settings, renderedWith, seed } = rendition;
  const last = seed + rendition.count - 1;
  const guidance = settings.guidanceScale ?? renderedWith?.guidanceScale;
  const steps = settings.numInferenceSteps ?? renderedWith?.numInferenceSteps;
  const facts: [string, string | number | undefined][] = [
    ['prompt', rendition.prompt],
    ['negative', settings.negativePrompt],
    ['seed', seed],
    ['seeds', rendition.count > 1 ? say`${seed} to ${last}, in order` : undefined],
    ['guidance', guidance],
    ['steps', steps],
    ['sampler', settings.sampler ?? renderedWith?.sampler],
    ['aspect', settings.aspect],
    ['size', renderedWith ? `${renderedWith.width} × ${renderedWith.height}` : undefined],
    ['strength', settings.enlarge === undefined ? settings.strength : undefined],
    ['own defaults', settings.ownDefaults?.map((name) => settingNames[name]).join(', ')],
    ['enlarged', settings.enlarge === undefined ? undefined : say`${settings.enlarge}×, resampled`],
    ['from', rendition.parentId ?? undefined],
    ['picture', rendition.id],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${String(value)}`],
  );
  const names = subjects.map(({ name }) => `**${plain(name)}**`).join(', ');
  return cardView([
    textDisplay(say`${names || say('A picture')} for <@${rendition.userId}>`),
    textDisplay(codeBlock(lines, limits.cardTextLength - 200)),
  ]);
}

/** @param published how many of its pictures are in galleries */
export function deletePicturesQuestion(
  rendition: Pick<Rendition, 'id' | 'count'>,
  published: number,
): MessageView {
  const which =
    rendition.count === 1 ? say('this picture') : say`these ${rendition.count} pictures`;
  const also = published > 0 ? say`, ${count(published, 'gallery post')} included` : '';
  return messageView(say`Delete ${which}${also}? This cannot be undone.`, {
    components: [
      buttonRow(
        {
          label: say('Delete'),
          customId: buildCustomId('delete-pictures-now', rendition.id),
          style: 'danger',
        },
        { label: say('Keep'), customId: buildCustomId('keep', rendition.id) },
      ),
    ],
  });
}

/** @returns the answer after deleting */
export function picturesDeleted(): MessageView {
  return messageView(say('Deleted, with the message that showed them.'));
}
