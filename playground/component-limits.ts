/** @file Discord's rules for message components, old style and V2. */
import type { FormErrors } from './discord-error.ts';
import type { ComponentJson, Json } from './json.ts';
import { asArray, asComponents, asNumber, asObject, asObjects, asString } from './json.ts';

type Path = readonly (string | number)[];

/** All components of a V2 message, nested ones included. */
const MAX_COMPONENTS = 40;
/** All text displays of a V2 message together. */
const MAX_TEXT = 4000;

const topLevelV2 = new Set([1, 9, 10, 12, 13, 14, 17]);
const insideContainer = new Set([1, 9, 10, 12, 13, 14]);
const selects = new Set([3, 5, 6, 7, 8]);

/** What one walk over a component tree has seen. */
interface Walk {
  errors: FormErrors;
  count: number;
  textLength: number;
  customIds: Set<string>;
  /** Names that `attachment://` may point to. */
  filenames: ReadonlySet<string>;
}

/**
 * Checks a message's components.
 *
 * @param path where the list stands in the body
 * @param filenames of the message's attachments
 */
export function checkMessageComponents(
  errors: FormErrors,
  path: Path,
  value: unknown,
  isV2: boolean,
  filenames: ReadonlySet<string>,
): void {
  const components = asComponents(value);
  const walk: Walk = { errors, count: 0, textLength: 0, customIds: new Set(), filenames };
  if (!isV2 && components.length > 5) {
    errors.add(path, 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.');
  }
  for (const [index, component] of components.entries()) {
    const at = [...path, index];
    const allowed = isV2 ? topLevelV2.has(component.type) : component.type === 1;
    if (allowed) checkComponent(walk, at, component);
    else {
      const values = isV2 ? '(1, 9, 10, 12, 13, 14, 17)' : '(1,)';
      errors.add(
        [...at, 'type'],
        'UNION_TYPE_CHOICES',
        `Value of field "type" must be one of ${values}.`,
      );
    }
  }
  if (!isV2) return;
  if (walk.count > MAX_COMPONENTS) {
    errors.add(
      path,
      'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED',
      `The total number of components cannot exceed ${MAX_COMPONENTS}`,
    );
  }
  if (walk.textLength > MAX_TEXT) {
    errors.add(
      path,
      'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
      `Components displayable text size exceeds maximum size of ${MAX_TEXT}`,
    );
  }
}

function checkComponent(walk: Walk, path: Path, component: ComponentJson): void {
  const { errors } = walk;
  walk.count += 1;
  const children = asComponents(component.components);
  const childPath = [...path, 'components'];
  const childrenBetween = (min: number, max: number) => {
    if (children.length < min || children.length > max) {
      errors.add(childPath, 'BASE_TYPE_BAD_LENGTH', `Must be between ${min} and ${max} in length.`);
    }
    for (const [index, child] of children.entries()) {
      checkComponent(walk, [...childPath, index], child);
    }
  };
  switch (component.type) {
    case 1:
      checkRow(walk, path, children);
      childrenBetween(1, 5);
      break;
    case 2:
      checkButton(walk, path, component);
      break;
    case 9: {
      childrenBetween(1, 3);
      const accessory = asComponents([component.accessory])[0];
      if (accessory) checkComponent(walk, [...path, 'accessory'], accessory);
      else errors.add([...path, 'accessory'], 'BASE_TYPE_REQUIRED', 'This field is required');
      break;
    }
    case 10:
      errors.length([...path, 'content'], component.content, 1, MAX_TEXT);
      walk.textLength += asString(component.content)?.length ?? 0;
      break;
    case 11:
      checkMedia(walk, [...path, 'media'], component.media);
      errors.length([...path, 'description'], component.description, 0, 1024);
      break;
    case 12:
      checkGallery(walk, path, component);
      break;
    case 13:
      checkMedia(walk, [...path, 'file'], component.file);
      break;
    case 17:
      for (const [index, child] of children.entries()) {
        if (!insideContainer.has(child.type)) {
          errors.add(
            [...childPath, index, 'type'],
            'UNION_TYPE_CHOICES',
            'Value of field "type" must be one of (1, 9, 10, 12, 13, 14).',
          );
        }
      }
      childrenBetween(1, MAX_COMPONENTS);
      break;
    default:
      if (selects.has(component.type)) checkSelect(walk, path, component);
  }
}

function checkRow(walk: Walk, path: Path, children: ComponentJson[]): void {
  const hasSelect = children.some((child) => selects.has(child.type));
  if (hasSelect && children.length > 1) {
    walk.errors.add(
      [...path, 'components'],
      'COMPONENT_LAYOUT_WIDTH_EXCEEDED',
      'The specified component exceeds the maximum width',
    );
  }
  for (const [index, child] of children.entries()) {
    if (child.type !== 2 && !selects.has(child.type)) {
      walk.errors.add(
        [...path, 'components', index, 'type'],
        'UNION_TYPE_CHOICES',
        'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).',
      );
    }
  }
}

/** Checks a custom_id: 1–100 characters, used once in the message. */
function checkCustomId(walk: Walk, path: Path, component: Json): void {
  const at = [...path, 'custom_id'];
  walk.errors.length(at, component.custom_id, 1, 100);
  const customId = asString(component.custom_id);
  if (customId === undefined) return;
  if (walk.customIds.has(customId)) {
    walk.errors.add(
      at,
      'COMPONENT_CUSTOM_ID_DUPLICATED',
      'Component custom id cannot be duplicated',
    );
  }
  walk.customIds.add(customId);
}

function checkButton(walk: Walk, path: Path, button: ComponentJson): void {
  const style = asNumber(button.style) ?? 0;
  walk.errors.length([...path, 'label'], button.label, 0, 80);
  if (style === 5) walk.errors.length([...path, 'url'], button.url, 1, 512);
  else if (style === 6) {
    if (!button.sku_id) {
      walk.errors.add([...path, 'sku_id'], 'BASE_TYPE_REQUIRED', 'This field is required');
    }
  } else checkCustomId(walk, path, button);
  if (style < 1 || style > 6) {
    walk.errors.add(
      [...path, 'style'],
      'BASE_TYPE_CHOICES',
      'Value must be one of {1, 2, 3, 4, 5, 6}.',
    );
  }
  if (!button.label && !button.emoji && style !== 6) {
    walk.errors.add(path, 'BUTTON_COMPONENT_LABEL_REQUIRED', 'A button needs a label or an emoji');
  }
}

function checkSelect(walk: Walk, path: Path, select: ComponentJson): void {
  checkCustomId(walk, path, select);
  checkSelectShape(walk.errors, path, select);
}

/** Checks what selects of messages and of modals have in common. */
export function checkSelectShape(errors: FormErrors, path: Path, select: ComponentJson): void {
  errors.length([...path, 'placeholder'], select.placeholder, 0, 150);
  const min = asNumber(select.min_values) ?? 1;
  const max = asNumber(select.max_values) ?? 1;
  if (min < 0 || min > 25 || max < 1 || max > 25 || min > max) {
    errors.add(
      [...path, 'min_values'],
      'BASE_TYPE_BAD_RANGE',
      'min_values must be 0-25 and not above max_values, max_values 1-25.',
    );
  }
  if (select.type === 3) checkOptions(errors, path, select, 1, 25);
}

/** Checks a list of options: count, label and value lengths, no value twice. */
export function checkOptions(
  errors: FormErrors,
  path: Path,
  component: ComponentJson,
  min: number,
  max: number,
): void {
  const options = asObjects(component.options);
  if (options.length < min || options.length > max) {
    errors.add(
      [...path, 'options'],
      'BASE_TYPE_BAD_LENGTH',
      `Must be between ${min} and ${max} in length.`,
    );
  }
  const values = new Set<unknown>();
  for (const [index, option] of options.entries()) {
    const at = [...path, 'options', index];
    errors.length([...at, 'label'], option.label, 1, 100);
    errors.length([...at, 'value'], option.value, 1, 100);
    errors.length([...at, 'description'], option.description, 0, 100);
    if (values.has(option.value)) {
      errors.add(
        [...at, 'value'],
        'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
        'The specified option value is already used',
      );
    }
    values.add(option.value);
  }
}

function checkGallery(walk: Walk, path: Path, gallery: ComponentJson): void {
  const items = asArray(gallery.items);
  if (items.length < 1 || items.length > 10) {
    walk.errors.add(
      [...path, 'items'],
      'BASE_TYPE_BAD_LENGTH',
      'Must be between 1 and 10 in length.',
    );
  }
  for (const [index, item] of asObjects(items).entries()) {
    const at = [...path, 'items', index];
    checkMedia(walk, [...at, 'media'], item.media);
    walk.errors.length([...at, 'description'], item.description, 0, 1024);
  }
}

function checkMedia(walk: Walk, path: Path, media: unknown): void {
  const url = asString(asObject(media)?.url);
  if (!url) {
    walk.errors.add([...path, 'url'], 'BASE_TYPE_REQUIRED', 'This field is required');
  } else if (url.startsWith('attachment://')) {
    if (!walk.filenames.has(url.slice('attachment://'.length))) {
      walk.errors.add(
        [...path, 'url'],
        'UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND',
        `The referenced attachment ${url} was not found.`,
      );
    }
  } else if (!/^https?:\/\//.test(url)) {
    walk.errors.add(
      [...path, 'url'],
      'URL_TYPE_INVALID_SCHEME',
      'Scheme must be one of (attachment, http, https).',
    );
  }
}
