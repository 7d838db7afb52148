import type { Fields } from '../../operators/http/fields.js';

/** Fields as a plain object: lower-case names, those that occur more than once joined with `, `. It has no prototype. */
export function joinedFields(fields: Fields): Record<string, string> {
  const joined: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { name } of fields) joined[name] ??= fields.getCombined(name) ?? '';
  return joined;
}
