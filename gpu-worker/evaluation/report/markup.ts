/** @file Text that is safe inside HTML and SVG. */

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeMarkup = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** Three digits after the point, or a dash where there is nothing. */
export const formatNumber = (value: number | undefined): string =>
  value === undefined ? '–' : value.toFixed(3);
