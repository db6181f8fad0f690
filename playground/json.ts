/** @file Careful reading of JSON that came over the wire: nothing about its shape is taken on trust. */

/** Any JSON object. */
export type Json = Record<string, unknown>;

/** A message or modal component as it came over the wire. */
export type ComponentJson = Json & { type: number };

/** @returns the value when it is a plain object, else undefined */
export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : undefined;
}

/** @returns the value when it is an array, else an empty array */
export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** @returns the objects of an array, everything else left out */
export function asObjects(value: unknown): Json[] {
  return asArray(value).flatMap((item) => {
    const object = asObject(item);
    return object ? [object] : [];
  });
}

/** @returns the components of an array, everything without a numeric type left out */
export function asComponents(value: unknown): ComponentJson[] {
  return asObjects(value).filter((item): item is ComponentJson => typeof item.type === 'number');
}

/** @returns the value when it is a string, else undefined */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** @returns the value when it is a number, else undefined */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
