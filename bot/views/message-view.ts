/** @file What a message consists of, before anything sends it. */
import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type APIMediaGalleryComponent,
  type APIMessageTopLevelComponent,
  type APISelectMenuOption,
  type APIStringSelectComponent,
  type APITextDisplayComponent,
  ButtonStyle,
  ComponentType,
} from 'discord.js';

/** A file that goes along, mostly a picture. Always bytes: a path or a link would be read by the Discord library. */
export interface ViewFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** Alt text. */
  readonly description: string;
}

/** A message's content. */
export interface MessageView {
  /** Empty in a card, whose text stands in its components. */
  readonly content: string;
  readonly components: readonly APIMessageTopLevelComponent[];
  readonly files: readonly ViewFile[];
  /** Made of components alone (Components V2). What was once a card stays one through all its edits. */
  readonly isCard?: true;
  /** A message of its own in the channel follows: where this one does not get through, nothing is lost. */
  readonly isFollowed?: true;
}

/** @returns a message of text only, or with what is given */
export function messageView(content: string, more: Partial<MessageView> = {}): MessageView {
  return { components: [], files: [], ...more, content };
}

/** @returns a message made of components; files show only where a component names them */
export function cardView(
  components: readonly APIMessageTopLevelComponent[],
  files: readonly ViewFile[] = [],
): MessageView {
  return { content: '', components, files, isCard: true };
}

/** @returns the same without pictures, for when Discord does not take them */
export function withoutFiles(view: MessageView): MessageView {
  const components = view.isCard
    ? view.components.filter(({ type }) => type !== ComponentType.MediaGallery)
    : [];
  return { ...view, files: [], components };
}

/** @param lines at least one that is not empty */
export function textDisplay(...lines: readonly string[]): APITextDisplayComponent {
  return { type: ComponentType.TextDisplay, content: lines.join('\n') };
}

/** @param files one to ten pictures of the same message */
export function mediaGallery(files: readonly ViewFile[]): APIMediaGalleryComponent {
  return {
    type: ComponentType.MediaGallery,
    items: files.map(({ name, description }) => ({
      media: { url: `attachment://${name}` },
      description,
    })),
  };
}

/** A button. */
export interface ButtonView {
  readonly label: string;
  readonly customId: string;
  readonly style?: 'primary' | 'secondary' | 'success' | 'danger';
  readonly disabled?: boolean;
}

const styles = {
  primary: ButtonStyle.Primary,
  secondary: ButtonStyle.Secondary,
  success: ButtonStyle.Success,
  danger: ButtonStyle.Danger,
} as const;

/** @param buttons one to five */
export function buttonRow(
  ...buttons: readonly ButtonView[]
): APIActionRowComponent<APIButtonComponent> {
  return {
    type: ComponentType.ActionRow,
    components: buttons.map(({ label, customId, style, disabled }) => ({
      type: ComponentType.Button,
      style: styles[style ?? 'secondary'],
      label,
      custom_id: customId,
      ...(disabled ? { disabled: true } : {}),
    })),
  };
}

/** A menu from which one entry is chosen. */
export interface SelectView {
  readonly customId: string;
  readonly placeholder: string;
  /** One to 25. */
  readonly options: readonly APISelectMenuOption[];
}

/** @returns the menu, in a row of its own as Discord wants it */
export function selectRow(select: SelectView): APIActionRowComponent<APIStringSelectComponent> {
  return {
    type: ComponentType.ActionRow,
    components: [
      {
        type: ComponentType.StringSelect,
        custom_id: select.customId,
        placeholder: select.placeholder,
        options: [...select.options],
      },
    ],
  };
}
