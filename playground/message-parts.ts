/** @file What a message says and shows, be it of the old kind or made of components. */
import type { APIMessage } from 'discord-api-types/v10';
import type { ComponentJson } from './json.ts';
import { asComponents, asObject, asObjects, asString } from './json.ts';

/** A file that a message shows. */
export interface ShownFile {
  readonly name: string;
  readonly url: string;
  /** Alt text. */
  readonly description: string | null;
}

/** @returns content and text displays, from top to bottom, a line each */
export function readText({ content, components }: APIMessage): string {
  const texts = listComponents(components).flatMap((component) =>
    component.type === 10 ? [asString(component.content) ?? ''] : [],
  );
  return [...(content === '' ? [] : [content]), ...texts].join('\n');
}

/** @returns attachments, and what galleries show, in order */
export function listFiles({ attachments, components }: APIMessage): ShownFile[] {
  const inGalleries = listComponents(components)
    .filter(({ type }) => type === 12)
    .flatMap(({ items }) => asObjects(items))
    .map((item): ShownFile => {
      const url = asString(asObject(item.media)?.url) ?? '';
      const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
      return { name, url, description: asString(item.description) ?? null };
    });
  const attached = attachments.map(
    ({ filename, url, description }): ShownFile => ({
      name: filename,
      url,
      description: description ?? null,
    }),
  );
  return [...attached, ...inGalleries];
}

/** @returns the custom id of the first button or menu whose id begins so; undefined where there is none */
export function findCustomId({ components }: APIMessage, start: string): string | undefined {
  const ids = listComponents(components).map((component) => asString(component.custom_id) ?? '');
  return ids.find((customId) => customId.startsWith(start));
}

/** @returns every component of a message, those inside others included, in order */
export function listComponents(components: unknown): ComponentJson[] {
  return asComponents(components).flatMap((component) => [
    component,
    ...listComponents(component.components),
    ...listComponents([component.accessory]),
  ]);
}
