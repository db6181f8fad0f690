/** @file The card before anything is learned: what may be wrong with the photos, how long it takes, Start. */
import { FileUploadBuilder, LabelBuilder, ModalBuilder } from 'discord.js';
import { buildCustomId } from '../custom-ids.ts';
import { listReplaceable, type PhotoFinding } from '../photo-findings.ts';
import type { TrainingTime } from '../training-time.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import {
  buttonRow,
  cardView,
  type MessageView,
  mediaGallery,
  textDisplay,
  type ViewFile,
} from './message-view.ts';
import { photoCount } from './refusals.ts';
import { count, duration, fitText, list } from './text.ts';
import { type ShownSubject, subjectTitle } from './training.ts';

/** A training that waits for Start. */
export interface ShownDraft extends ShownSubject {
  readonly id: string;
  readonly photoCount: number;
  readonly findings: readonly PhotoFinding[];
  /** Small copies of the photos that are named, by their index. */
  readonly thumbnails: ReadonlyMap<number, Buffer>;
  readonly time: TrainingTime;
  /** How many trainings will be served before it; null where nobody knows. */
  readonly ahead: number | null;
}

/** Id of the form's field. */
export const replaceForm = { photos: 'photos' } as const;

const numbers = (photos: readonly number[]): string => {
  const all = list(photos.map((photo) => String(photo + 1)));
  return photos.length === 1 ? say`Photo ${all}` : say`Photos ${all}`;
};

function sentenceOf(finding: PhotoFinding): string {
  switch (finding.kind) {
    case 'small':
      return say`${numbers([finding.photo])} is small (${finding.shortSide} pixels). A larger one shows more.`;
    case 'blurred':
      return say`${numbers([finding.photo])} is blurred.`;
    case 'alike':
      return say`${numbers(finding.photos)} are nearly the same. One of them is enough.`;
    case 'same-background':
      return say(
        'All photos have the same background, and I may learn it as well. Show it in other places, too.',
      );
  }
}

/** @returns the question that its owner alone sees */
export function trainingQuestion(draft: ShownDraft): MessageView {
  const { id, findings, thumbnails } = draft;
  const files = [...thumbnails].slice(0, limits.galleryItems).map(([photo, bytes]): ViewFile => {
    const said = findings.filter(
      (finding) =>
        ('photo' in finding && finding.photo === photo) ||
        ('photos' in finding && finding.photos.includes(photo)),
    );
    return {
      name: `photo-${photo + 1}.png`,
      bytes,
      description: fitText(
        `${numbers([photo])}. ${said.map(sentenceOf).join(' ')}`,
        limits.altTextLength,
      ),
    };
  });
  const opinion = findings.length === 0 ? [say('They look good.')] : findings.map(sentenceOf);
  return cardView(
    [
      textDisplay(`${subjectTitle(draft)}: ${count(draft.photoCount, 'photo')}`, ...opinion),
      ...(files.length > 0 ? [mediaGallery(files)] : []),
      textDisplay(...timeLines(draft)),
      buttonRow(
        {
          label: findings.length === 0 ? say('Start') : say('Start all the same'),
          customId: buildCustomId('train-start', id),
          style: 'success',
        },
        { label: replaceLabel(findings), customId: buildCustomId('train-replace', id) },
        { label: say('Cancel'), customId: buildCustomId('train-discard', id), style: 'danger' },
      ),
    ],
    files,
  );
}

function timeLines({ time, ahead }: ShownDraft): string[] {
  const own = time.isMeasured
    ? say`Learning takes ${duration(time.seconds)} here.`
    : say`I have not timed a training here yet. My guess: ${duration(time.seconds)}.`;
  if (!ahead) return [own];
  const wait = time.isMeasured ? ` (${duration(ahead * time.seconds)})` : '';
  return [own, say`${count(ahead, 'training')} before it${wait}.`];
}

function replaceLabel(findings: readonly PhotoFinding[]): string {
  const replaced = listReplaceable(findings);
  return replaced.length === 0
    ? say('Other photos')
    : fitText(say`Replace ${numbersOf(replaced)}`, limits.buttonLabelLength);
}

/** The same within a sentence. */
const numbersOf = (photos: readonly number[]): string => {
  const all = list(photos.map((photo) => String(photo + 1)));
  return photos.length === 1 ? say`photo ${all}` : say`photos ${all}`;
};

/** @param replaced indices of the photos that the new ones take the place of; none: all */
export function buildReplaceForm(draftId: string, replaced: readonly number[]): ModalBuilder {
  const what = replaced.length === 0 ? say('all photos') : numbersOf(replaced);
  return new ModalBuilder()
    .setCustomId(buildCustomId('train-replace', draftId))
    .setTitle(say('Replace photos'))
    .addLabelComponents(
      new LabelBuilder()
        .setLabel(say('Photos'))
        .setDescription(fitText(say`In place of ${what}`, 100))
        .setFileUploadComponent(
          new FileUploadBuilder()
            .setCustomId(replaceForm.photos)
            .setMinValues(replaced.length === 0 ? photoCount.min : 1)
            .setMaxValues(photoCount.max)
            .setFileTypes('image')
            .setRequired(true),
        ),
    );
}

/** @returns what the owner sees after giving it up */
export function draftDiscarded(): MessageView {
  return cardView([textDisplay(say('Nothing was learned, and the photos are deleted.'))]);
}
