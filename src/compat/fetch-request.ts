import { map, type Observable, of } from 'rxjs';
import type { BodySource } from '../../operators/body/body-source.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import { Fields } from '../../operators/http/fields.js';
import type { RequestConfig } from '../client/request-config.js';
import { knownBody } from './known-body.js';

/** What `fetch` was asked for, checked by the rules of the standard. */
export interface FetchRequest {
  /** Node's, which knows those rules. Its body is sent, not its own. */
  readonly request: Request;
  readonly signal: AbortSignal | undefined;
  /** The request to make, once its body is known. */
  readonly config: Observable<RequestConfig>;
}

/** As many as the standard has browsers follow. */
const MAX_REDIRECTS = 20;

/** @throws TypeError as the standard has it: a URL with credentials, a method that is forbidden, a body on GET, … */
export function readFetchRequest(input: string | URL | Request, init: RequestInit = {}): FetchRequest {
  const given = input instanceof Request ? input : undefined;
  const { body, signal = given?.signal } = init;
  if (signal && !(signal instanceof AbortSignal)) throw new TypeError('signal: not an AbortSignal');
  refuseOthers(init);

  const ownHeaders = new Headers(init.headers ?? given?.headers);
  const request = new Request(input, requestInit(init, ownHeaders));
  if (request.integrity !== '') throw notSupported('integrity');
  if (request.cache === 'only-if-cached') throw notSupported('cache: only-if-cached');
  const headers = new Fields(request.headers);
  if (!headers.has('accept')) headers.append('accept', '*/*');
  bypassCaches(request.cache, headers);
  // Bodies imply a type of their own, with a boundary of their own.
  if (isPlain(body) && !ownHeaders.has('content-type')) headers.delete('content-type');

  const config = {
    url: request.url,
    method: request.method,
    redirect: request.redirect,
    maxRedirects: MAX_REDIRECTS,
    headers,
    cookies: request.credentials === 'omit' ? false : undefined,
  } satisfies RequestConfig;
  return {
    request,
    signal: signal ?? undefined,
    config: bodyOf(body, request).pipe(map((source) => (source === undefined ? config : { ...config, body: source }))),
  };
}

/** The members one by one: an init may well be another Request. */
function requestInit(init: RequestInit, headers: Headers): RequestInit {
  const { method, body, redirect, duplex, integrity, keepalive, mode, credentials } = init;
  const { referrer, referrerPolicy, cache } = init as RequestInit & { cache?: Request['cache'] }; // which its type lacks
  const given = { method, body, redirect, duplex, integrity, keepalive, mode, credentials, cache, referrer, referrerPolicy }; // prettier-ignore
  return { ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)), headers };
}

type GivenBody = RequestInit['body'];
type PlainBody = string | URLSearchParams | Blob | FormData;

/** What is sent as it was given, with its length, as often as wanted. */
function isPlain(body: GivenBody): body is PlainBody {
  return (
    typeof body === 'string' ||
    body instanceof URLSearchParams ||
    body instanceof Blob ||
    (body as unknown) instanceof FormData
  );
}

function bodyOf(given: GivenBody, request: Request): Observable<BodySource | undefined> {
  const { body } = request;
  if (body === null) return of(undefined);
  if (isPlain(given)) return of(given);
  if (given instanceof ArrayBuffer) return of(new Uint8Array(given.slice(0)));
  if (ArrayBuffer.isView(given)) {
    return of(Uint8Array.from(new Uint8Array(given.buffer, given.byteOffset, given.byteLength)));
  }
  const stream = body as ReadableStream<Uint8Array>;
  return isStream(given) ? of(stream) : knownBody(stream);
}

function isStream(body: GivenBody): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body);
}

/** A request that wants no stored answer says so to the caches on its way too. */
function bypassCaches(mode: Request['cache'], headers: Fields): void {
  if (mode !== 'no-cache' && mode !== 'no-store' && mode !== 'reload') return;
  if (!headers.has('cache-control')) headers.append('cache-control', mode === 'no-cache' ? 'max-age=0' : 'no-cache');
  if (mode !== 'no-cache' && !headers.has('pragma')) headers.append('pragma', 'no-cache');
}

function refuseOthers(init: RequestInit): void {
  if (init.dispatcher === undefined) return;
  throw new TypeError('dispatcher: belongs to undici; a client of your own makes its fetch by createFetch(client)', {
    cause: new UsageError('INVALID_OPTION', 'dispatcher: not an option here'),
  });
}

function notSupported(what: string): TypeError {
  return new TypeError('fetch failed', { cause: new UsageError('INVALID_OPTION', `${what}: not supported`) });
}
