/** @file Discord's limits for what the views make, in one place. */
import type { MessageView } from './message-view.ts';

/** Lengths in UTF-16 units, as Discord counts them at its strictest. */
export const limits = {
  contentLength: 2000,
  actionRows: 5,
  buttonsPerRow: 5,
  buttonLabelLength: 80,
  customIdLength: 100,
  attachments: 10,
  altTextLength: 1024,
  choices: 25,
  choiceNameLength: 100,
  choiceValueLength: 100,
  nonceLength: 25,
  /** Of one file, without boosts. */
  fileBytes: 10 * 2 ** 20,
  /** Of a whole request. */
  requestBytes: 25 * 2 ** 20,
} as const;

/** Messages older than this can hardly be edited any more (error 30046), so a new one takes their place. */
export const EDITABLE_FOR_MS = 55 * 60 * 1000;

/** @returns every limit that the message breaks; empty for a message that Discord takes */
export function listLimitViolations(view: MessageView): string[] {
  const found: string[] = [];
  const hold = (what: string, value: number, max: number) => {
    if (value > max) found.push(`${what}: ${value} of at most ${max}`);
  };
  hold('content', view.content.length, limits.contentLength);
  hold('action rows', view.components.length, limits.actionRows);
  for (const row of view.components) {
    hold('buttons', row.components.length, limits.buttonsPerRow);
    if (row.components.length === 0) found.push('a row without buttons');
    for (const button of row.components) {
      if ('label' in button) hold('label', button.label?.length ?? 0, limits.buttonLabelLength);
      if ('custom_id' in button) hold('custom id', button.custom_id.length, limits.customIdLength);
    }
  }
  hold('attachments', view.files.length, limits.attachments);
  for (const file of view.files) {
    hold('alt text', file.description.length, limits.altTextLength);
    hold('file', file.bytes.length, limits.fileBytes);
  }
  if (view.content.trim() === '' && view.files.length === 0) found.push('an empty message');
  return found;
}
