import type { Observable, ObservableInput } from 'rxjs';
import type { Priority } from '../../operators/http2/priority-field.js';
import type { BodySource } from '../../operators/body/body-source.js';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import type { FieldsInit } from '../../operators/http/fields.js';
import type { Trailers } from './trailers.js';

/** A byte stream that has left HTTP. What the client sent ahead comes first. */
export type UpgradedSocket = DuplexSubject<Uint8Array, Uint8Array>;

/** What a handler answers. A client's `Response` is one: `serve(config, ({ path }) => request(origin + path))` passes on what it gets. */
export interface ServerResponse {
  /** Default 200. Below 200 it is an interim response: another one follows. */
  readonly status?: number | undefined;
  readonly fields?: FieldsInit | undefined;
  /** Not read at all where the response has none: to HEAD, and with 204, 205 or 304. */
  readonly body?: BodySource | undefined;
  /**
   * Sent after a chunked body; a function is called when the body has ended, an Observable subscribed to: its first value is sent.
   * HTTP/1.0 clients do not get them. Behind a Content-Length HTTP/1 has none: an Observable, which may be that of a response without
   * any, is left alone there, others are refused.
   */
  readonly trailers?: Trailers | undefined;
  /** In place of the registered reason phrase. */
  readonly reason?: string | undefined;
  /**
   * Its place among the responses of one HTTP/2 connection, in place of what the client asked for; an Observable changes
   * it while the body is being written (RFC 9218).
   */
  readonly priority?: Priority | Observable<Priority> | undefined;
  /**
   * Takes the connection out of HTTP: for status 101, answering an `Upgrade`, or 2xx, answering CONNECT. Called with the
   * byte stream once the head is written. If it returns an Observable, that is subscribed, and the stream is ended with
   * it. Another byte stream in place of a function is joined to it, each the other's peer from then on.
   */
  readonly upgraded?: ((socket: UpgradedSocket) => ObservableInput<unknown> | void) | UpgradedSocket | undefined;
}

/** What a handler returns: one response, or a source of interim responses and then a final one. */
export type HandlerResult = ServerResponse | ObservableInput<ServerResponse>;

/** Whether a handler answers later, or in several steps. Told by what it can do, as `from` does, not by class. */
export function isObservableInput(result: HandlerResult): result is ObservableInput<ServerResponse> {
  const known = result as ServerResponse;
  if (typeof known.status === 'number' || known.body !== undefined || known.fields !== undefined) return false;
  const input = result as { subscribe?: unknown; then?: unknown; getReader?: unknown };
  return (
    typeof input.subscribe === 'function' ||
    typeof input.then === 'function' ||
    typeof input.getReader === 'function' ||
    Symbol.iterator in result ||
    Symbol.asyncIterator in result ||
    (typeof Symbol.observable === 'symbol' && Symbol.observable in result)
  );
}

/** 101 is final on its connection, although it is in the class of the interim ones. */
export function isFinal({ status = 200, upgraded }: ServerResponse): boolean {
  return upgraded !== undefined || status >= 200;
}
