/** @file The card before anything is learned: what may be wrong with the photos, how long it takes, Start. */
import { FileUploadBuilder, LabelBuilder, ModalBuilder } from 'discord.js';
import { buildCustomId } from '../custom-ids.ts';
import { listReplaceable, type PhotoFinding } from '../photo-findings.ts';
import type { TrainingTime } from '../training-time.ts';
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

const numbers = (photos: readonly number[]): string =>
  `${photos.length === 1 ? 'Photo' : 'Photos'} ${list(photos.map((photo) => String(photo + 1)))}`;

function sentenceOf(finding: PhotoFinding): string {
  switch (finding.kind) {
    case 'small':
      return `${numbers([finding.photo])} is small (${finding.shortSide} pixels). A larger one shows more.`;
    case 'blurred':
      return `${numbers([finding.photo])} is blurred.`;
    case 'alike':
      return `${numbers(finding.photos)} are nearly the same. One of them is enough.`;
    case 'same-background':
      return 'All photos have the same background, and I may learn it as well. Show it in other places, too.';
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
        `Photo ${photo + 1}. ${said.map(sentenceOf).join(' ')}`,
        limits.altTextLength,
      ),
    };
  });
  const opinion = findings.length === 0 ? ['They look good.'] : findings.map(sentenceOf);
  return cardView(
    [
      textDisplay(`${subjectTitle(draft)}: ${count(draft.photoCount, 'photo')}`, ...opinion),
      ...(files.length > 0 ? [mediaGallery(files)] : []),
      textDisplay(...timeLines(draft)),
      buttonRow(
        {
          label: findings.length === 0 ? 'Start' : 'Start all the same',
          customId: buildCustomId('train-start', id),
          style: 'success',
        },
        { label: replaceLabel(findings), customId: buildCustomId('train-replace', id) },
        { label: 'Cancel', customId: buildCustomId('train-discard', id), style: 'danger' },
      ),
    ],
    files,
  );
}

function timeLines({ time, ahead }: ShownDraft): string[] {
  const own = time.isMeasured
    ? `Learning takes ${duration(time.seconds)} here.`
    : `I have not timed a training here yet. My guess: ${duration(time.seconds)}.`;
  if (!ahead) return [own];
  const wait = time.isMeasured ? ` (${duration(ahead * time.seconds)})` : '';
  return [own, `${count(ahead, 'training')} before it${wait}.`];
}

function replaceLabel(findings: readonly PhotoFinding[]): string {
  const replaced = listReplaceable(findings);
  return replaced.length === 0
    ? 'Other photos'
    : fitText(`Replace ${numbersOf(replaced)}`, limits.buttonLabelLength);
}

const numbersOf = (photos: readonly number[]): string =>
  `${photos.length === 1 ? 'photo' : 'photos'} ${list(photos.map((photo) => String(photo + 1)))}`;

/** @param replaced indices of the photos that the new ones take the place of; none: all */
export function buildReplaceForm(draftId: string, replaced: readonly number[]): ModalBuilder {
  const what = replaced.length === 0 ? 'all photos' : numbersOf(replaced);
  return new ModalBuilder()
    .setCustomId(buildCustomId('train-replace', draftId))
    .setTitle('Replace photos')
    .addLabelComponents(
      new LabelBuilder()
        .setLabel('Photos')
        .setDescription(fitText(`In place of ${what}`, 100))
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
  return cardView([textDisplay('Nothing was learned, and the photos are deleted.')]);
}
