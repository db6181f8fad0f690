/** @file Views of a server's gallery for one person: pages, and answers to what they did there. */

import type { APIMessageTopLevelComponent } from 'discord.js';
import type { GalleryCursor, GalleryOrder, GalleryPage } from '#db/queries/gallery-pages.ts';
import type { GalleryItem } from '#db/queries/gallery-posts.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import { buildCustomId } from '../custom-ids.ts';
import { encodeTail, type GalleryLook } from '../gallery-tail.ts';
import { styles } from '../styles.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import { galleryPicture } from './gallery-post.ts';
import {
  type ButtonView,
  buttonRow,
  cardView,
  type MessageView,
  mediaGallery,
  messageView,
  textDisplay,
  type ViewFile,
} from './message-view.ts';
import { styleLabels } from './options.ts';
import { count, fitText, list, oneLine, plain } from './text.ts';

/** How many pictures a page shows. */
export const GALLERY_PAGE_SIZE = 4;
/** How many requests for consent stand above one's own pictures. */
export const SHOWN_REQUESTS = 2;

const PROMPT_LENGTH = 240;

const orderTitles = {
  newest: () => say('newest first'),
  week: () => say('top of the week'),
  month: () => say('top of the month'),
  all: () => say('top of all time'),
  hall: () => say('hall of fame'),
  mine: () => say('yours'),
} satisfies Record<GalleryLook['order'], () => string>;

/** Choices of the orders that count votes, in English: commands are translated as they are registered. */
export const topChoices = (['week', 'month', 'all', 'hall'] as const satisfies GalleryOrder[]).map(
  (value) => ({ name: orderTitles[value](), value }),
);

/** Choices of styles. */
export const styleChoices = styles.map((value) => ({ name: styleLabels[value], value }));

/** A page to show; `pictures` in the order of its items, null where one cannot be shown. */
export interface ShownPage {
  readonly page: GalleryPage;
  readonly pictures: readonly (Buffer | null)[];
  readonly look: GalleryLook;
  /** Of the subject that it is narrowed to. */
  readonly subjectName?: string | undefined;
  /** Ids of posts whose message Discord did not take. */
  readonly undelivered?: readonly string[];
  /** Pictures of others with the viewer's subjects, which wait for the viewer's consent. */
  readonly requests?: readonly { readonly item: GalleryItem; readonly picture: Buffer | null }[];
}

/** @returns a page of a gallery */
export function galleryPage(shown: ShownPage): MessageView {
  const { page, pictures, look, requests = [] } = shown;
  const files: ViewFile[] = [];
  const parts: APIMessageTopLevelComponent[] = [textDisplay(titleOf(shown))];
  const addPicture = (item: GalleryItem, bytes: Buffer | null | undefined) => {
    if (!bytes) {
      parts.push(textDisplay(say('(The picture cannot be shown any more.)')));
      return;
    }
    const file = galleryPicture(item, bytes, files.length + 1);
    files.push(file);
    parts.push(mediaGallery([file]));
  };
  for (const { item, picture } of requests.slice(0, SHOWN_REQUESTS)) {
    parts.push(textDisplay(requestText(item)));
    addPicture(item, picture);
    parts.push(buttonRow(...requestButtons(item)));
  }
  for (const [index, item] of page.items.entries()) {
    parts.push(textDisplay(itemText(item, shown)));
    addPicture(item, pictures[index]);
    const buttons = look.order === 'mine' ? ownButtons(item) : viewerButtons(item);
    if (buttons.length > 0) parts.push(buttonRow(...buttons));
  }
  if (page.items.length === 0) parts.push(textDisplay(emptySentence(look)));
  const turns = turnButtons(look, page);
  if (turns.length > 0) parts.push(buttonRow(...turns));
  return cardView(parts, files);
}

function titleOf({ look, subjectName }: ShownPage): string {
  const filters = [orderTitles[look.order]()];
  if (subjectName !== undefined) filters.push(say`of ${plain(subjectName)}`);
  if (look.authorId !== undefined && look.order !== 'mine')
    filters.push(say`by <@${look.authorId}>`);
  if (look.style !== undefined) filters.push(say(styleLabels[look.style]));
  return say`**Gallery**: ${filters.join(', ')}`;
}

function emptySentence(look: GalleryLook): string {
  const isPlain =
    look.order === 'newest' && !look.authorId && !look.subjectId && look.style === undefined;
  if (isPlain)
    return say('This gallery is empty. The **Publish** button under a picture puts it here.');
  return look.order === 'mine'
    ? say('You have published nothing here yet. The **Publish** button under a picture does.')
    : say('Nothing here is like that. `/gallery browse` alone shows everything.');
}

const namesOf = ({ subjects }: GalleryItem) =>
  list(subjects.map(({ name }) => `**${plain(name, 40)}**`)) || say('A picture');

function itemText(item: GalleryItem, { look, undelivered }: ShownPage): string {
  const { post, rendition } = item;
  const facts = [namesOf(item)];
  if (look.order === 'mine') facts.push(stateOf(item, undelivered ?? []));
  else facts.push(say`by <@${post.authorId}>`);
  if (post.status === 'published') facts.push(`⭐ ${count(post.voteCount, 'vote')}`);
  if (post.hallOfFameAt !== null) facts.push(`🏆 ${say('Hall of fame')}`);
  return `${facts.join(' · ')}\n> ${plain(rendition.prompt, PROMPT_LENGTH)}`;
}

function stateOf({ post, subjects }: GalleryItem, undelivered: readonly string[]): string {
  switch (post.status) {
    case 'asked': {
      const owners = new Set(subjects.map(({ ownerId }) => ownerId));
      owners.delete(post.authorId);
      return say`waits for ${[...owners].map((id) => `<@${id}>`).join(' ')}`;
    }
    case 'refused':
      return say('not allowed by its subject’s owner');
    case 'withdrawn':
      return say('not published any more');
    case 'denied':
      return say('taken down by moderators');
    case 'published':
      return undelivered.includes(post.id)
        ? say`published, but I could not post it in <#${post.channelId ?? ''}>`
        : say('published');
  }
}

function viewerButtons({ post }: GalleryItem): ButtonView[] {
  return [
    { label: `⭐ ${say('Vote')}`, customId: buildCustomId('vote', post.id), style: 'primary' },
    {
      label: say('Remix with my subject'),
      customId: buildCustomId('remix', post.renditionId, post.pictureIndex),
    },
    { label: say('Report'), customId: buildCustomId('report', post.id) },
  ];
}

function ownButtons({ post }: GalleryItem): ButtonView[] {
  if (post.status === 'published' || post.status === 'asked') {
    return [{ label: say('Unpublish'), customId: buildCustomId('unpublish', post.id) }];
  }
  if (post.status === 'denied') return [];
  const customId = buildCustomId('publish', post.renditionId, post.pictureIndex);
  return [{ label: say('Publish again'), customId }];
}

function requestText(item: GalleryItem): string {
  const { post, rendition } = item;
  const asked = say`<@${post.authorId}> would like to publish this picture of ${namesOf(item)}.`;
  return `${asked}\n> ${plain(rendition.prompt, PROMPT_LENGTH)}`;
}

const requestButtons = ({ post }: GalleryItem): ButtonView[] => [
  { label: say('Allow'), customId: buildCustomId('allow', post.id), style: 'success' },
  { label: say('Refuse'), customId: buildCustomId('refuse', post.id), style: 'danger' },
];

function turnButtons(look: GalleryLook, page: GalleryPage): ButtonView[] {
  const turn = (label: string, { postId, ...cursor }: GalleryCursor) => ({
    label,
    customId: buildCustomId('page', postId, undefined, encodeTail(look, cursor)),
  });
  return [
    ...(page.previous ? [turn(say('Previous'), page.previous)] : []),
    ...(page.next ? [turn(say('Next'), page.next)] : []),
  ];
}

/** @returns the answer to Publish */
export function publishedAnswer(
  outcome: 'published' | 'asked' | 'already',
  where: { channelId: string | null; ownerIds: readonly string[] },
): MessageView {
  const place = where.channelId === null ? '' : say` It will appear in <#${where.channelId}>.`;
  switch (outcome) {
    case 'published':
      return messageView(say`Published.${place} \`/gallery browse\` shows it.`);
    case 'already':
      return messageView(
        say(
          'This picture is already in the gallery, or waits for consent. `/gallery mine` shows it.',
        ),
      );
    case 'asked': {
      const owners = list(where.ownerIds.map((id) => `<@${id}>`));
      return messageView(
        say`It shows a subject of somebody else, so I have asked ${owners} in this channel. \`/gallery mine\` shows the answer.`,
      );
    }
  }
}

/** @returns the answer to an owner who allowed or refused a publication */
export function consentAnswer(outcome: 'published' | 'waiting' | 'refused'): MessageView {
  const sentences = {
    published: say('Thank you. It is in the gallery now. You can take it back with **Unpublish**.'),
    waiting: say('Thank you. Another owner of a subject in it has still to say.'),
    refused: say('It will not be published.'),
  };
  return messageView(sentences[outcome]);
}

/** @returns the answer to a vote */
export function voteAnswer(
  { voteCount }: { voteCount: number },
  ways: { byButton: boolean; byReaction: boolean },
): MessageView {
  const total = say`It has ${count(voteCount, 'vote')} now.`;
  if (ways.byButton)
    return messageView(say`Your vote counts. ${total} Press again to take it back.`);
  return messageView(
    ways.byReaction
      ? say`Your ⭐ under its message still counts. ${total} Remove it to take your vote back.`
      : say`Your vote is taken back. ${total}`,
  );
}

/** @returns the answer to Unpublish */
export function unpublishedAnswer(): MessageView {
  return messageView(say('It is out of the gallery, and its message goes as well.'));
}

/** @returns a choice for autocomplete; its value is the rendition's id */
export function renditionChoice(rendition: Rendition): { name: string; value: string } {
  const name = fitText(oneLine(rendition.prompt), limits.choiceNameLength) || '…';
  return { name, value: rendition.id };
}

/** @returns a choice for autocomplete; its value is the post's id */
export function postChoice({ post, rendition }: GalleryItem): { name: string; value: string } {
  const name = `${post.voteCount} ⭐ ${oneLine(rendition.prompt)}`;
  return { name: fitText(name, limits.choiceNameLength), value: post.id };
}
