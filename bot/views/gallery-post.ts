/** @file Public views of a published picture: the post in the gallery's channel, and the question to a subject's owner. */
import type { GalleryItem } from '#db/queries/gallery-posts.ts';
import { buildCustomId } from '../custom-ids.ts';
import { inEachLanguage, say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import { buttonRow, type MessageView, messageView, type ViewFile } from './message-view.ts';
import { styleLabels } from './options.ts';
import { count, fitText, list, oneLine, plain } from './text.ts';

/** How much of a prompt a post repeats. */
const PROMPT_LENGTH = 700;

const namesOf = ({ subjects }: GalleryItem) =>
  list(subjects.map(({ name }) => `**${plain(name)}**`));

/** @returns the picture with its prompt as alt text */
export function galleryPicture({ rendition }: GalleryItem, bytes: Buffer, number = 1): ViewFile {
  const description = fitText(oneLine(rendition.prompt), limits.altTextLength);
  return { name: `gallery-${number}.png`, bytes, description };
}

/** @returns the post; without picture to change its words and buttons only */
export function galleryPost(item: GalleryItem, picture?: Buffer): MessageView {
  const { post, rendition } = item;
  const names = namesOf(item);
  const facts = [`⭐ ${count(post.voteCount, 'vote')}`];
  if (post.hallOfFameAt !== null) facts.push(`🏆 ${say('Hall of fame')}`);
  return messageView(
    [
      names === '' ? say`by <@${post.authorId}>` : say`${names} by <@${post.authorId}>`,
      `> ${plain(rendition.prompt, PROMPT_LENGTH)}`,
      facts.join(' · '),
    ].join('\n'),
    {
      files: picture ? [galleryPicture(item, picture)] : [],
      components: [
        buttonRow(
          {
            label: `⭐ ${say('Vote')}`,
            customId: buildCustomId('vote', post.id),
            style: 'primary',
          },
          {
            label: say('Remix with my subject'),
            customId: buildCustomId('remix', post.renditionId, post.pictureIndex),
          },
          { label: say('Report'), customId: buildCustomId('report', post.id) },
          { label: say('Unpublish'), customId: buildCustomId('unpublish', post.id) },
        ),
      ],
    },
  );
}

/** @returns the title of a forum's post */
export function galleryPostTitle({ rendition, subjects }: GalleryItem): string {
  const names = subjects.map(({ name }) => oneLine(name)).join(', ');
  const title = [names, oneLine(rendition.prompt)].filter(Boolean).join(': ');
  return fitText(title || '…', limits.threadNameLength);
}

/** A forum's tag, as Discord names it. */
export interface ForumTag {
  readonly id: string;
  readonly name: string;
  /** For moderators only. */
  readonly moderated: boolean;
}

/**
 * @param tags those that the forum has
 * @param isRequired whether the forum takes no post without one
 * @returns ids of those that fit the picture: hall of fame, style, what it shows; at most 5
 */
export function chooseTags(
  { post, subjects }: GalleryItem,
  tags: readonly ForumTag[],
  isRequired: boolean,
): string[] {
  const wanted = [
    ...(post.hallOfFameAt === null ? [] : inEachLanguage(() => say('Hall of fame'))),
    ...inEachLanguage(() => say(styleLabels[post.style as keyof typeof styleLabels] ?? '')),
    ...subjects.flatMap(({ classNoun, name }) => [classNoun, name]),
  ].map((word) => word.trim().toLowerCase());
  const open = tags.filter(({ moderated }) => !moderated);
  const fitting = open.filter(({ name }) => wanted.includes(name.trim().toLowerCase()));
  const rank = ({ name }: ForumTag) => wanted.indexOf(name.trim().toLowerCase());
  const chosen = fitting.sort((a, b) => rank(a) - rank(b)).map(({ id }) => id);
  const fallback = isRequired ? open.slice(0, 1).map(({ id }) => id) : [];
  return (chosen.length > 0 ? chosen : fallback).slice(0, limits.threadTags);
}

/** @returns the question to the owners of others' subjects in a picture, or what became of it */
export function publishRequest(item: GalleryItem, picture: Buffer | null): MessageView {
  const { post, rendition } = item;
  const names = namesOf(item);
  const author = `<@${post.authorId}>`;
  if (post.status === 'published')
    return messageView(say`The picture of ${names} by ${author} is in the gallery.`);
  if (post.status === 'refused')
    return messageView(
      say`The picture of ${names} by ${author} is not published: it was not allowed.`,
    );
  if (post.status !== 'asked')
    return messageView(say`The picture of ${names} by ${author} is not published any more.`);
  const owners = new Set(
    item.subjects.filter(({ ownerId }) => ownerId !== post.authorId).map(({ ownerId }) => ownerId),
  );
  const asked = [...owners].map((id) => `<@${id}>`).join(' ');
  return messageView(
    [
      say`${asked}: ${author} would like to publish this picture of ${names} in the gallery of this server.`,
      `> ${plain(rendition.prompt, PROMPT_LENGTH)}`,
    ].join('\n'),
    {
      files: picture ? [galleryPicture(item, picture)] : [],
      components: [
        buttonRow(
          { label: say('Allow'), customId: buildCustomId('allow', post.id), style: 'success' },
          { label: say('Refuse'), customId: buildCustomId('refuse', post.id), style: 'danger' },
        ),
      ],
    },
  );
}
