/** @file How subject names are compared: `Rex`, ` rex` and `REX` are one name. */

/** @returns the name as it is compared, searched and kept unique among an owner's subjects */
export function normalizeSubjectName(name: string): string {
  return name.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase();
}
