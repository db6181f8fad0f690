/** @file Discord's limits for what the views make, in one place. */
import { type APIMessageComponent, ComponentType } from 'discord.js';
import type { MessageView } from './message-view.ts';

/** Lengths in UTF-16 units, as Discord counts them at its strictest. */
export const limits = {
  contentLength: 2000,
  /** Of all texts of a card together. */
  cardTextLength: 4000,
  /** Of a message, those inside others included. */
  components: 40,
  galleryItems: 10,
  actionRows: 5,
  buttonsPerRow: 5,
  buttonLabelLength: 80,
  customIdLength: 100,
  attachments: 10,
  altTextLength: 1024,
  /** Of a forum's post. */
  threadNameLength: 100,
  threadTags: 5,
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
  const components = listComponents(view);
  hold('content', view.content.length, limits.contentLength);
  if (!view.isCard) hold('action rows', view.components.length, limits.actionRows);
  hold('components', components.length, limits.components);
  hold('text of a card', textLength(components), limits.cardTextLength);
  for (const component of components) holdComponent(component, hold, found);
  hold('attachments', view.files.length, limits.attachments);
  for (const file of view.files) {
    hold('alt text', file.description.length, limits.altTextLength);
    hold('file', file.bytes.length, limits.fileBytes);
  }
  const customIds = components.flatMap((item) => ('custom_id' in item ? [item.custom_id] : []));
  if (new Set(customIds).size < customIds.length) found.push('a custom id twice');
  if (view.isCard && view.content !== '') found.push('a card with content');
  const isEmpty = view.content.trim() === '' && view.files.length === 0 && !view.isCard;
  if (isEmpty || (view.isCard && components.length === 0)) found.push('an empty message');
  return found;
}

type AnyComponent = APIMessageComponent;

/** @returns every component of a message, those inside others included, in order */
export function listComponents(view: Pick<MessageView, 'components'>): APIMessageComponent[] {
  return view.components.flatMap(listNested);
}

function listNested(component: AnyComponent): AnyComponent[] {
  const inside = 'components' in component ? (component.components as AnyComponent[]) : [];
  const accessory = 'accessory' in component ? [component.accessory as AnyComponent] : [];
  return [component, ...[...inside, ...accessory].flatMap(listNested)];
}

const textLength = (components: readonly AnyComponent[]): number =>
  components.reduce(
    (sum, item) => sum + (item.type === ComponentType.TextDisplay ? item.content.length : 0),
    0,
  );

function holdComponent(
  component: AnyComponent,
  hold: (what: string, value: number, max: number) => void,
  found: string[],
): void {
  if ('custom_id' in component)
    hold('custom id', component.custom_id.length, limits.customIdLength);
  switch (component.type) {
    case ComponentType.ActionRow:
      hold('buttons', component.components.length, limits.buttonsPerRow);
      if (component.components.length === 0) found.push('a row without buttons');
      break;
    case ComponentType.Button:
      if ('label' in component) {
        hold('label', component.label?.length ?? 0, limits.buttonLabelLength);
      }
      break;
    case ComponentType.StringSelect:
      hold('options', component.options.length, limits.choices);
      if (component.options.length === 0) found.push('a menu without options');
      for (const { label, value, description } of component.options) {
        hold('option label', label.length, limits.choiceNameLength);
        hold('option value', value.length, limits.choiceValueLength);
        hold('option description', description?.length ?? 0, limits.choiceNameLength);
        if (label.trim() === '') found.push('an option without label');
      }
      break;
    case ComponentType.MediaGallery:
      hold('pictures', component.items.length, limits.galleryItems);
      if (component.items.length === 0) found.push('a gallery without pictures');
      break;
    case ComponentType.TextDisplay:
      if (component.content.trim() === '') found.push('an empty text');
      break;
  }
}
