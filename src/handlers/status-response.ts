import type { FieldsInit } from '../../operators/http/fields.js';
import { isBodiless, reasonPhrase } from '../../operators/http/status.js';
import type { ServerResponse } from '../server/server-response.js';

/** A response that says no more than its status does. */
export function statusResponse(status: number, fields?: FieldsInit): ServerResponse {
  if (isBodiless(status)) return { status, fields };
  return { status, fields, body: `${status} ${reasonPhrase(status)}`.trimEnd() + '\n' };
}
