import { discardBody } from '../../operators/exchange/discard-body.js';
import type { Response as ClientResponse } from '../client/response.js';
import { byteStream } from './byte-stream.js';

/** Statuses whose responses have no body, by the standard. */
const NULL_BODY: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What a `Response` made by hand does not know of where it came from. */
interface Provenance {
  readonly url: string;
  readonly redirected: boolean;
  readonly type: Response['type'];
  readonly status: number;
}

/**
 * A response as Node's own `Response`, its body a byte stream.
 *
 * @param asked the request it answers in the end
 * @param redirected there were others in between
 */
export function fetchedResponse(
  response: ClientResponse,
  asked: Request,
  redirected: boolean,
  signal: AbortSignal | undefined,
  failed: (error: unknown) => unknown,
): Response {
  const { status, reason, url, fields } = response;
  const manual = asked.redirect === 'manual' && REDIRECTS.has(status);
  const provenance: Provenance = { url, redirected, type: manual ? 'opaqueredirect' : 'basic', status };
  const made = new Response(streamOf(response, asked, signal, failed), {
    status: status > 599 ? 200 : status, // which a Response cannot be made with, but servers can send
    statusText: reason,
    headers: fields.toHeaders(),
  });
  return dressed(made, provenance);
}

function streamOf(
  response: ClientResponse,
  { method }: Request,
  signal: AbortSignal | undefined,
  failed: (error: unknown) => unknown,
): ReadableStream<Uint8Array> | null {
  if (method !== 'HEAD' && !NULL_BODY.has(response.status)) return byteStream(response.body, signal, failed);
  discardBody(response.body).subscribe();
  return null;
}

function dressed(response: Response, provenance: Provenance): Response {
  const { url, redirected, type, status } = provenance;
  for (const name of ['append', 'delete', 'set']) {
    Object.defineProperty(response.headers, name, { value: immutable });
  }
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
    status: { value: status },
    ok: { value: status >= 200 && status < 300 },
    clone: { value: () => dressed(Response.prototype.clone.call(response), provenance) },
  });
}

function immutable(): never {
  throw new TypeError('immutable');
}
