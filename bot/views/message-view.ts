/** @file What a message consists of, before anything sends it. */
import {
  type APIActionRowComponent,
  type APIButtonComponent,
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
  readonly content: string;
  readonly components: readonly APIActionRowComponent<APIButtonComponent>[];
  readonly files: readonly ViewFile[];
}

/** @returns a message of text only, or with what is given */
export function messageView(content: string, more: Partial<MessageView> = {}): MessageView {
  return { components: [], files: [], ...more, content };
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
