import { Fields, type FieldsInit } from '../http/fields.js';
import { reasonPhrase } from '../http/status.js';
import type { Http1Event } from './event.js';
import type { BodyLength } from './write-framing.js';
import type { Http1Version } from './write-head.js';

/** An event to send: one that was decoded, or one made by hand with what has a default left out. */
export type OutboundEvent =
  | {
      readonly type: 'request';
      readonly method: string;
      readonly target: string;
      readonly fields?: FieldsInit | undefined;
      /** Default 1.1. */
      readonly version?: Http1Version | undefined;
      /** Left out: what the fields say, else no body. */
      readonly bodyLength?: BodyLength;
    }
  | {
      readonly type: 'informational';
      readonly status: number;
      readonly fields?: FieldsInit | undefined;
      /** Default the registered phrase. */
      readonly reason?: string | undefined;
    }
  | {
      readonly type: 'response';
      readonly status: number;
      readonly fields?: FieldsInit | undefined;
      /** Default the registered phrase. */
      readonly reason?: string | undefined;
      /** Left out: what the fields say, else not known: chunked for HTTP/1.1, until the connection closes for 1.0. */
      readonly bodyLength?: BodyLength;
    }
  | { readonly type: 'data'; readonly chunk: Uint8Array; readonly extension?: string | undefined }
  | { readonly type: 'end'; readonly trailers?: FieldsInit | undefined }
  | { readonly type: 'upgrade'; readonly leftover?: Uint8Array | undefined };

const NO_BYTES = new Uint8Array(0);

/** The event with its defaults, as the other side decodes it. @param bodyLength what was settled on, for a head. */
export function completeEvent(event: OutboundEvent, bodyLength: BodyLength): Http1Event {
  switch (event.type) {
    case 'request': {
      const { type, method, target, version = '1.1', fields } = event;
      return { type, method, target, version, fields: Fields.from(fields), bodyLength };
    }
    case 'informational': {
      const { type, status, reason = reasonPhrase(status), fields } = event;
      return { type, status, reason, version: '1.1', fields: Fields.from(fields) };
    }
    case 'response': {
      const { type, status, reason = reasonPhrase(status), fields } = event;
      return { type, status, reason, version: '1.1', fields: Fields.from(fields), bodyLength };
    }
    case 'data':
      return { type: 'data', chunk: event.chunk, extension: event.extension ?? '' };
    case 'end':
      return { type: 'end', trailers: event.trailers === undefined ? undefined : Fields.from(event.trailers) };
    default:
      return { type: 'upgrade', leftover: event.leftover ?? NO_BYTES };
  }
}
