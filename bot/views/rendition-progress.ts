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
import { duration, fitText, oneLine, progressBar, workerAway } from './text.ts';

type ShownRendition = Pick<
  Rendition,
  'id' | 'userId' | 'prompt' | 'status' | 'progress' | 'cancelRequested'
>;

/** What the card shows beside the row. */
interface RenditionSurroundings {
  readonly subjects: readonly Pick<Subject, 'name'>[];
  /** Whether a worker is there to take it. */
  readonly isServed: boolean;
  /** Of its unfinished pictures; null where there is none. */
  readonly preview: Buffer | null;
}

/** @returns the card that everybody in the channel sees while pictures are waited for */
export function renditionProgress(
  rendition: ShownRendition,
  { subjects, isServed, preview }: RenditionSurroundings,
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
      textDisplay(...(isServed ? progressLines(rendition) : [workerAway()])),
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
