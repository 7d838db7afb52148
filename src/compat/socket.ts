/**
 * `http.request` of LuaSocket, in JavaScript: what Lua returns side by side is an array here, and it comes by a promise.
 * @module rxweir/compat/socket
 */
import { firstValueFrom, of } from 'rxjs';
import { text } from '../../operators/body/text.js';
import { isTimeoutError, UsageError } from '../../operators/core/protocol-error.js';
import { Fields } from '../../operators/http/fields.js';
import { joinAuthority } from '../../operators/http/authority.js';
import { reasonPhrase } from '../../operators/http/status.js';
import type { Client } from '../client/client.js';
import { request as defaultRequest } from '../client/request.js';
import type { RequestConfig } from '../client/request-config.js';
import type { Response } from '../client/response.js';
import { joinedFields } from './joined-fields.js';
import { pumpFrom, pumpInto, type Sink, type Source, type Step } from './pump.js';

export type { Sink, Source, Step } from './pump.js';

/** A request in table form. */
export interface RequestTable {
  /** May be left out where there is a `host`. */
  readonly url?: string | undefined;
  /** This and the four below take the place of that part of `url`. */
  readonly scheme?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | number | undefined;
  readonly path?: string | undefined;
  readonly query?: string | undefined;
  /** Default `GET`. */
  readonly method?: string | undefined;
  /** Numbers become text. */
  readonly headers?: Readonly<Record<string, string | number>> | undefined;
  readonly source?: Source | undefined;
  /** Without one the body is dropped. */
  readonly sink?: Sink | undefined;
  /** Moves a chunk from the source to the sink, in both directions. */
  readonly step?: Step | undefined;
  /** Default true: five of them, less `nredirects`. */
  readonly redirect?: boolean | undefined;
  /** Redirects already followed. Default 0. */
  readonly nredirects?: number | undefined;
  readonly proxy?: string | undefined;
  /** Refused: sockets are opened by the client. */
  readonly create?: undefined;
}

/** What an answer is: the body (1 in the table form), status, fields, and status line. */
export type Answer<Body> = [body: Body, code: number, fields: Record<string, string>, statusLine: string];

/** What failed: `timeout`, `closed`, or the message; then the error itself. */
export type Failure = [body: null, message: string, error: unknown];

export interface CreateRequestConfig {
  /** Default the one behind `request` of `rxweir`. */
  readonly client?: Pick<Client, 'request'> | undefined;
  /** Milliseconds for all of it; default 60 000. */
  readonly timeout?: number | undefined;
  /** For requests that have none of their own. The environment is not looked at. */
  readonly proxy?: string | undefined;
}

interface SocketRequest {
  /** A GET, or with a body a POST of a form. Collects the body, up to 10 MiB, as text. */
  (url: string, body?: string): Promise<Answer<string> | Failure>;
  /** Rejects with `UsageError` `INVALID_OPTION` for `create`. */
  (table: RequestTable): Promise<Answer<1> | Failure>;
}

const TIMEOUT = 60_000;
const MAX_REDIRECTS = 5;

/** {@link request} with a client, a time limit and a proxy of its own: `PROXY` and `TIMEOUT` of LuaSocket. */
export function createRequest(config: CreateRequestConfig = {}): SocketRequest {
  const { client = { request: defaultRequest }, timeout = TIMEOUT, proxy } = config;
  const common = { timeout, proxy: proxy ?? false } as const;

  async function request(given: string | RequestTable, body?: string): Promise<Answer<string | 1> | Failure> {
    const table = typeof given === 'string' ? undefined : given;
    if (table?.create !== undefined) throw new UsageError('INVALID_OPTION', 'create: sockets are opened by the client');
    try {
      const asked = table === undefined ? simple(given as string, body) : fromTable(table);
      const response = await firstValueFrom(client.request({ ...common, ...asked }));
      return [await collect(response, table), response.status, joinedFields(response.fields), statusLine(response)];
    } catch (error) {
      return [null, messageOf(error), error];
    }
  }
  return request as SocketRequest;
}

/**
 * One request, as LuaSocket makes them.
 *
 * @returns `[body, code, fields, statusLine]`, with 1 for the body in the table form, whose `sink` gets it; where it failed
 *   `[null, message, error]`, the message being `timeout` or `closed` where it was that.
 * @example
 * ```ts
 * import { request } from 'rxweir/compat/socket';
 * const [body, code, fields, statusLine] = await request('http://127.0.0.1:8080/');
 * console.log(body === null ? `failed: ${code}` : `${statusLine}, ${fields['content-type']}`);
 * ```
 */
export const request: SocketRequest = createRequest();

function simple(url: string, body: string | undefined): RequestConfig {
  if (body === undefined) return { url };
  return { url, method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
}

function fromTable({
  url,
  scheme,
  host,
  port,
  path,
  query,
  method,
  headers,
  source,
  step,
  redirect,
  nredirects = 0,
  proxy,
}: RequestTable): RequestConfig {
  return {
    url: addressOf(url ?? '', { scheme, host, port, path, query }),
    method,
    headers: headers && new Fields(headers),
    ...(source && { body: pumpFrom(source, step) }),
    ...(redirect === false ? { redirect: 'manual' } : { maxRedirects: Math.max(0, MAX_REDIRECTS - nredirects) }),
    ...(proxy !== undefined && { proxy }),
  };
}

type Parts = Pick<RequestTable, 'scheme' | 'host' | 'port' | 'path' | 'query'>;

/** The URL with those parts in place of its own. What does not become one is left to the client to refuse. */
function addressOf(url: string, parts: Parts): string {
  if (Object.values(parts).every((part) => part === undefined)) return url;
  const base = parts.host === undefined ? undefined : `http://${named(parts.host)}`;
  if (!URL.canParse(url, base)) return url;
  const own = new URL(url, base);
  const { scheme = own.protocol.slice(0, -1), host = own.hostname, port = own.port } = parts;
  const { path = own.pathname, query = own.search.slice(1) } = parts;
  const user = own.username === '' ? '' : `${own.username}:${own.password}@`;
  const authority = user + named(host) + (port === '' ? '' : `:${port}`);
  return `${scheme}://${authority}${path.startsWith('/') ? '' : '/'}${path}${query === '' ? '' : `?${query}`}`;
}

/** With the brackets of an IPv6 address, or without, it has them. */
function named(host: string): string {
  return joinAuthority(host.replace(/^\[|\]$/g, ''), -1);
}

async function collect(response: Response, table: RequestTable | undefined): Promise<string | 1> {
  if (table === undefined) return firstValueFrom(of(response).pipe(text()));
  await pumpInto(response.body, table.sink ?? (() => undefined), table.step);
  return 1;
}

function statusLine({ version, status, reason }: Response): string {
  return `HTTP/${version} ${status} ${reason || reasonPhrase(status)}`.trimEnd();
}

function messageOf(error: unknown): string {
  if (isTimeoutError(error)) return 'timeout';
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (CLOSED.has(code)) return 'closed';
  return typeof message === 'string' ? message : String(error);
}

/** The connection ended before the answer did. */
const CLOSED: ReadonlySet<unknown> = new Set(['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', 'TRUNCATED_MESSAGE']);
