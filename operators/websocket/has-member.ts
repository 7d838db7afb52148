import { splitList } from '../http/field-syntax.js';
import type { Fields } from '../http/fields.js';

/** Whether a field that is a list has the member, in any case. */
export function hasMember(fields: Fields, name: string, member: string): boolean {
  const value = fields.getCombined(name);
  return value !== undefined && splitList(value).some((one) => one.toLowerCase() === member);
}
