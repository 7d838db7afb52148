/** HTTP/1 as a sequence of events, the same for who reads and who writes: a decoded message can be encoded as it is. */
import type { Fields } from '../http/fields.js';
import type { BodyLength } from './write-framing.js';
import type { Http1Version } from './write-head.js';

export interface RequestEvent {
  readonly type: 'request';
  readonly method: string;
  readonly target: string;
  readonly version: Http1Version;
  readonly fields: Fields;
  /** Bytes of the body, `undefined` when not known beforehand, `null` without a body. */
  readonly bodyLength: BodyLength;
}

/** A final response, or 101. */
export interface ResponseEvent {
  readonly type: 'response';
  readonly status: number;
  readonly reason: string;
  readonly version: Http1Version;
  readonly fields: Fields;
  readonly bodyLength: BodyLength;
}

/** A 1xx response but 101; another response follows. */
export interface InformationalEvent {
  readonly type: 'informational';
  readonly status: number;
  readonly reason: string;
  readonly version: Http1Version;
  readonly fields: Fields;
}

/** Bytes of a body, or of the other protocol after an upgrade. */
export interface DataEvent {
  readonly type: 'data';
  readonly chunk: Uint8Array;
  /** Chunk extensions that stood before these bytes, without the first semicolon; empty without. */
  readonly extension: string;
}

/** The message is over. */
export interface EndEvent {
  readonly type: 'end';
  readonly trailers: Fields | undefined;
}

/** What follows is not HTTP: `data` events carry it as it is. */
export interface UpgradeEvent {
  readonly type: 'upgrade';
  /** What had arrived behind the head; empty if nothing had. */
  readonly leftover: Uint8Array;
}

export type Http1Event = RequestEvent | ResponseEvent | InformationalEvent | DataEvent | EndEvent | UpgradeEvent;
