/** @file Discord's rules for modals and autocomplete choices in a bot's answer. */
import { checkOptions, checkSelectShape } from './component-limits.ts';
import { FormErrors } from './discord-error.ts';
import type { ComponentJson, Json } from './json.ts';
import { asComponents, asNumber, asObjects, asString } from './json.ts';

type Path = readonly (string | number)[];

const insideLabel = new Set([3, 4, 5, 6, 7, 8, 19, 21, 22, 23]);

/** @throws {DiscordError} 400, 50035 when the modal breaks a limit */
export function checkModal(modal: Json): void {
  const errors = new FormErrors();
  errors.length(['data', 'custom_id'], modal.custom_id, 1, 100);
  errors.length(['data', 'title'], modal.title, 1, 45);
  const components = asComponents(modal.components);
  const path = ['data', 'components'];
  if (components.length < 1 || components.length > 5) {
    errors.add(path, 'BASE_TYPE_BAD_LENGTH', 'Must be between 1 and 5 in length.');
  }
  const customIds = new Set<string>();
  for (const [index, component] of components.entries()) {
    checkTopLevel(errors, [...path, index], component, customIds);
  }
  errors.throwIfAny();
}

function checkTopLevel(
  errors: FormErrors,
  path: Path,
  component: ComponentJson,
  customIds: Set<string>,
): void {
  const badType = (at: Path, types: string) =>
    errors.add(
      [...at, 'type'],
      'UNION_TYPE_CHOICES',
      `Value of field "type" must be one of (${types}).`,
    );
  switch (component.type) {
    case 1: {
      const [field, ...more] = asComponents(component.components);
      if (field?.type !== 4 || more.length > 0) badType([...path, 'components', 0], '4');
      else checkField(errors, [...path, 'components', 0], field, customIds);
      break;
    }
    case 10:
      errors.length([...path, 'content'], component.content, 1, 2000);
      break;
    case 18: {
      errors.length([...path, 'label'], component.label, 1, 45);
      errors.length([...path, 'description'], component.description, 0, 100);
      const [field] = asComponents([component.component]);
      if (!field || !insideLabel.has(field.type)) {
        badType([...path, 'component'], [...insideLabel].join(', '));
      } else checkField(errors, [...path, 'component'], field, customIds);
      break;
    }
    default:
      badType(path, '1, 10, 18');
  }
}

function checkField(
  errors: FormErrors,
  path: Path,
  field: ComponentJson,
  customIds: Set<string>,
): void {
  errors.length([...path, 'custom_id'], field.custom_id, 1, 100);
  const customId = asString(field.custom_id) ?? '';
  if (customIds.has(customId)) {
    errors.add(
      [...path, 'custom_id'],
      'COMPONENT_CUSTOM_ID_DUPLICATED',
      'Component custom id cannot be duplicated',
    );
  }
  customIds.add(customId);
  switch (field.type) {
    case 4:
      errors.length([...path, 'label'], field.label, 0, 45);
      errors.length([...path, 'value'], field.value, 0, 4000);
      errors.length([...path, 'placeholder'], field.placeholder, 0, 100);
      checkRange(errors, path, field, ['min_length', 0, 4000], ['max_length', 1, 4000]);
      break;
    case 19:
      checkRange(errors, path, field, ['min_values', 0, 10], ['max_values', 1, 10]);
      break;
    case 21:
      checkOptions(errors, path, field, 2, 10);
      break;
    case 22:
      checkOptions(errors, path, field, 1, 10);
      checkRange(errors, path, field, ['min_values', 0, 10], ['max_values', 1, 10]);
      break;
    case 23:
      break;
    default:
      checkSelectShape(errors, path, field);
  }
}

function checkRange(
  errors: FormErrors,
  path: Path,
  field: ComponentJson,
  ...ranges: [key: string, min: number, max: number][]
): void {
  for (const [key, min, max] of ranges) {
    const value = asNumber(field[key]);
    if (value !== undefined && (value < min || value > max)) {
      errors.add([...path, key], 'NUMBER_TYPE_BAD_RANGE', `int value should be ${min} to ${max}.`);
    }
  }
}

/** @throws {DiscordError} 400, 50035 when there are more than 25 choices or one is malformed */
export function checkChoices(value: unknown): void {
  const errors = new FormErrors();
  const choices = asObjects(value);
  if (choices.length > 25) {
    errors.add(['data', 'choices'], 'BASE_TYPE_BAD_LENGTH', 'Must be between 0 and 25 in length.');
  }
  for (const [index, choice] of choices.entries()) {
    errors.length(['data', 'choices', index, 'name'], choice.name, 1, 100);
    if (typeof choice.value !== 'number') {
      errors.length(['data', 'choices', index, 'value'], choice.value, 1, 100);
    }
  }
  errors.throwIfAny();
}
