import { tap } from 'rxjs';
import { isBodiless } from '../../operators/http/status.js';
import type { ServerResponse } from '../server/server-response.js';
import { openBody } from './open-body.js';

/** The same response, whose body's bytes are counted as the connection takes them; `failed` sees what the body fails with. */
export function countBody(
  method: string,
  response: ServerResponse,
  count: (bytes: number) => void,
  failed: (error: unknown) => void,
): ServerResponse {
  const { status = 200, body } = response;
  if (body === undefined || method === 'HEAD' || isBodiless(status) || status === 205) return response;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    count(Buffer.byteLength(body));
    return response;
  }
  const { fields, stream, length } = openBody(response, body);
  if (length !== undefined && response.trailers === undefined && !fields.has('content-length')) {
    fields.append('content-length', String(length));
  }
  return { ...response, fields, body: stream.pipe(tap({ next: (chunk) => count(chunk.length), error: failed })) };
}
