/** @file Views of a server's gallery. */

import type { GalleryItem, GalleryPage } from '#db/queries/gallery-posts.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { buildCustomId } from '../custom-ids.ts';
import { limits } from './discord-limits.ts';
import { type ButtonView, buttonRow, type MessageView, messageView } from './message-view.ts';
import { refusals } from './refusals.ts';
import { fitText, oneLine, plain } from './text.ts';

/** How many pictures a page shows. */
export const GALLERY_PAGE_SIZE = 4;

/** @returns the answer to Publish */
export function publishedAnswer(outcome: 'created' | 'again' | 'already'): MessageView {
  return messageView(
    outcome === 'already'
      ? 'This picture is already in the gallery. `/gallery browse` shows it.'
      : 'Published. `/gallery browse` shows it.',
  );
}

/** @returns a page; `pictures` in the order of its items, null where one could not be read */
export function galleryPage(page: GalleryPage, pictures: readonly (Buffer | null)[]): MessageView {
  if (page.items.length === 0) return messageView(refusals.galleryEmpty());
  const buttons: ButtonView[] = [];
  if (page.newerThan !== undefined) {
    buttons.push({ label: 'Newer', customId: buildCustomId('gallery-newer', page.newerThan) });
  }
  if (page.olderThan !== undefined) {
    buttons.push({ label: 'Older', customId: buildCustomId('gallery-older', page.olderThan) });
  }
  return messageView(page.items.map(describeItem).join('\n'), {
    files: page.items.flatMap(({ rendition }, index) => {
      const bytes = pictures[index];
      if (!bytes) return [];
      const description = fitText(
        `Picture ${index + 1}: ${oneLine(rendition.prompt)}`,
        limits.altTextLength,
      );
      return [{ name: `gallery-${index + 1}.png`, bytes, description }];
    }),
    components: buttons.length > 0 ? [buttonRow(...buttons)] : [],
  });
}

function describeItem({ post, rendition }: GalleryItem, index: number): string {
  return `${index + 1}. ${plain(rendition.prompt, 200)} (by <@${post.authorId}>)`;
}

/** @returns a choice for autocomplete; its value is the rendition's id */
export function renditionChoice(rendition: Rendition): { name: string; value: string } {
  return { name: fitText(oneLine(rendition.prompt), limits.choiceNameLength), value: rendition.id };
}
