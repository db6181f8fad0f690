/** @file The card of a rendition that waits or is being drawn, with what there is to see of it by now. */
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { buildCustomId } from '../custom-ids.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import {
  buttonRow,
  cardView,
  type MessageView,
  mediaGallery,
  textDisplay,
} from './message-view.ts';
import { renditionHead } from './rendition-card.ts';
import { duration, fitText, oneLine, progressBar } from './text.ts';

type ShownRendition = Pick<
  Rendition,
  'id' | 'userId' | 'prompt' | 'status' | 'progress' | 'cancelRequested'
>;

/** @param preview of its unfinished pictures; null where there is none */
export function renditionProgress(
  rendition: ShownRendition,
  subjects: readonly Pick<Subject, 'name'>[],
  preview: Buffer | null,
): MessageView {
  const files = preview
    ? [
        {
          name: 'preview.png',
          bytes: preview,
          description: fitText(
            say`Unfinished, as it looks by now: ${oneLine(rendition.prompt)}`,
            limits.altTextLength,
          ),
        },
      ]
    : [];
  return cardView(
    [
      textDisplay(...renditionHead(rendition, subjects)),
      ...(files.length > 0 ? [mediaGallery(files)] : []),
      textDisplay(...progressLines(rendition)),
      buttonRow({
        label: say('Cancel'),
        customId: buildCustomId('cancel-rendition', rendition.id),
        style: 'danger',
        disabled: rendition.cancelRequested,
      }),
    ],
    files,
  );
}

function progressLines({ status, progress, cancelRequested }: ShownRendition): string[] {
  if (cancelRequested) return [say('Stopping')];
  if (status === 'queued') return [say('Waiting for its turn')];
  if (!progress || progress.totalSteps === 0) return [say('Starting')];
  const { step, totalSteps, secondsLeft } = progress;
  return [
    progressBar(step, totalSteps),
    say`Step ${step} of ${totalSteps}`,
    ...(secondsLeft === null ? [] : [say`Time left: ${duration(secondsLeft)}`]),
  ];
}
