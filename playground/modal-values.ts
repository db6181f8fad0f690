/** @file From what a user fills into a modal to the `components` of the submission, with Discord's checks. */
import { passesFileTypes } from './command-options.ts';
import { FormErrors, refuse } from './discord-error.ts';
import type { ComponentJson, Json } from './json.ts';
import { asComponents, asNumber, asObjects, asString } from './json.ts';
import type { FileInput, Resolved } from './resolved.ts';
import { readUpload } from './resolved.ts';

/** What the user filled in, by the fields' custom ids. */
export interface ModalEntry {
  values?: Record<string, string | string[] | boolean>;
  files?: Record<string, FileInput | FileInput[]>;
}

/** Settings of one conversion. */
export interface ModalSettings {
  forge: boolean;
  sizeLimitBytes: number;
}

/** One field on its way to the submission. */
interface FieldContext {
  errors: FormErrors;
  path: (string | number)[];
  field: ComponentJson;
  entry: ModalEntry;
  resolved: Resolved;
  settings: ModalSettings;
}

/**
 * Builds the `components` of a modal submission.
 *
 * @param components the modal's own, numbered already
 * @throws {DiscordError} 400, 50035 or 413, 40005 when Discord's own client would not let this be sent
 */
export function buildModalComponents(
  components: ComponentJson[],
  entry: ModalEntry,
  resolved: Resolved,
  settings: ModalSettings,
): Json[] {
  const errors = new FormErrors();
  const fieldIds = new Set<unknown>();
  const built = components.map((component, index): Json => {
    const { type, id } = component;
    const fill = (field: ComponentJson | undefined, ...at: (string | number)[]): Json => {
      if (!field) return {};
      fieldIds.add(field.custom_id);
      const path = ['components', index, ...at];
      return fillField({ errors, path, field, entry, resolved, settings });
    };
    if (type === 18) {
      return { type, id, component: fill(asComponents([component.component])[0], 'component') };
    }
    if (type === 1) {
      const fields = asComponents(component.components);
      return { type, id, components: fields.map((field, nr) => fill(field, 'components', nr)) };
    }
    return { type, id };
  });
  for (const customId of Object.keys({ ...entry.values, ...entry.files })) {
    if (!fieldIds.has(customId)) errors.add(['components'], 'UNKNOWN', `No field ${customId}.`);
  }
  errors.throwIfAny();
  return built;
}

function fillField(context: FieldContext): Json {
  const { field, entry } = context;
  const customId = asString(field.custom_id) ?? '';
  const value = entry.values?.[customId];
  const base = { type: field.type, id: field.id, custom_id: customId };
  switch (field.type) {
    case 4:
      return { ...base, value: fillText(context, value) };
    case 19:
      return { ...base, values: fillUploads(context, [entry.files?.[customId] ?? []].flat()) };
    case 21:
      return { ...base, value: fillOptions(context, value, 1, 1)[0] ?? null };
    case 22: {
      const max = asNumber(field.max_values) ?? asObjects(field.options).length;
      return { ...base, values: fillOptions(context, value, asNumber(field.min_values), max) };
    }
    case 23:
      return { ...base, value: value === undefined ? field.default === true : value === true };
    case 3: {
      const max = asNumber(field.max_values) ?? 1;
      return { ...base, values: fillOptions(context, value, asNumber(field.min_values), max) };
    }
    default:
      return { ...base, values: fillSelect(context, value) };
  }
}

/** Notes an error unless the submission is forged. */
function complain({ errors, path, settings }: FieldContext, code: string, message: string): void {
  if (!settings.forge) errors.add(path, code, message);
}

/** Fields are required unless they say otherwise. */
const isRequired = (field: ComponentJson) => field.required !== false;

function fillText(context: FieldContext, value: unknown): string {
  const { field } = context;
  const text = asString(value) ?? asString(field.value) ?? '';
  if (text === '') {
    if (isRequired(field)) complain(context, 'BASE_TYPE_REQUIRED', 'This field is required');
    return text;
  }
  const min = asNumber(field.min_length) ?? 0;
  const max = asNumber(field.max_length) ?? 4000;
  if (text.length < min || text.length > max) {
    complain(context, 'BASE_TYPE_BAD_LENGTH', `Must be between ${min} and ${max} in length.`);
  }
  return text;
}

function checkCount(
  context: FieldContext,
  count: number,
  minValues: number | undefined,
  max: number,
): void {
  if (count === 0 && !isRequired(context.field)) return;
  const min = minValues ?? (isRequired(context.field) ? 1 : 0);
  if (count === 0 && min > 0) {
    complain(context, 'BASE_TYPE_REQUIRED', 'This field is required');
  } else if (count < min || count > max) {
    complain(context, 'BASE_TYPE_BAD_LENGTH', `Must be between ${min} and ${max} in length.`);
  }
}

function fillUploads(context: FieldContext, files: FileInput[]): string[] {
  const { field, settings, resolved } = context;
  const max = asNumber(field.max_values) ?? 1;
  checkCount(context, files.length, asNumber(field.min_values), max);
  if (context.errors.count > 0) return [];
  return files.map((file) => {
    const upload = readUpload(file);
    if (!settings.forge && upload.bytes.length > settings.sizeLimitBytes) throw refuse.tooLarge();
    if (!passesFileTypes(upload.filename, field.file_types)) {
      complain(context, 'FILE_TYPE_INVALID', 'This type of file is not allowed here.');
    }
    return resolved.addUpload(upload).id;
  });
}

function fillOptions(
  context: FieldContext,
  value: unknown,
  minValues: number | undefined,
  max: number,
): string[] {
  const options = asObjects(context.field.options);
  const preset = options.filter((option) => option.default === true);
  const chosen =
    value === undefined
      ? preset.map((option) => String(option.value))
      : [value].flat().map((item) => String(item));
  checkCount(context, chosen.length, minValues, max);
  for (const item of chosen) {
    if (!options.some((option) => option.value === item)) {
      complain(context, 'BASE_TYPE_CHOICES', `${item} is not one of the options.`);
    }
  }
  return chosen;
}

function fillSelect(context: FieldContext, value: unknown): string[] {
  const { field, resolved } = context;
  const chosen = value === undefined ? [] : [value].flat().map((item) => String(item));
  const max = asNumber(field.max_values) ?? 1;
  checkCount(context, chosen.length, asNumber(field.min_values), max);
  for (const id of chosen) {
    if (!resolveSelected(resolved, field.type, id)) complain(context, 'UNKNOWN', `${id}?`);
  }
  return chosen;
}

/** Adds a picked id. @returns whether the select's type knows it */
export function resolveSelected(resolved: Resolved, selectType: number, id: string): boolean {
  if (selectType === 5) return resolved.addUser(id);
  if (selectType === 6) return resolved.addRole(id);
  if (selectType === 7) return resolved.addUser(id) || resolved.addRole(id);
  if (selectType === 8) return resolved.addChannel(id);
  return true;
}
