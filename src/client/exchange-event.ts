import type { Observable } from 'rxjs';
import type { Fields } from '../../operators/http/fields.js';
import type { SocketInfo } from '../sockets/byte-duplex.js';
import type { RequestConfig } from './request-config.js';
import type { Response } from './response.js';

/** An interim response (RFC 9110 §15.2). */
export interface Informational {
  readonly status: number;
  readonly fields: Fields;
}

/** How far an exchange had come. */
export type ExchangePhase = 'queued' | 'connecting' | 'sending' | 'waiting' | 'body' | 'done';

/**
 * What became of the connection when an exchange was cancelled:
 * - `withdrawn`: it had none yet; nothing was sent
 * - `connection-closed`: HTTP/1 has no other way to stop
 * - `stream-reset`: HTTP/2; other requests on the connection go on
 * - `none`: the response was already complete
 */
export type CancelEffect = 'withdrawn' | 'connection-closed' | 'stream-reset' | 'none';

/** Everything that happens in one exchange, in order; see `requestEvents`. */
export type ExchangeEvent =
  | { readonly type: 'queued' }
  | { readonly type: 'connecting'; readonly origin: string }
  | { readonly type: 'connected'; readonly connection: SocketInfo; readonly reused: boolean }
  | { readonly type: 'upload'; readonly bytes: number; readonly total: number | undefined }
  | { readonly type: 'sent' }
  | { readonly type: 'informational'; readonly status: number; readonly fields: Fields }
  | { readonly type: 'head'; readonly status: number; readonly version: '1.0' | '1.1' | '2'; readonly fields: Fields }
  | { readonly type: 'body'; readonly chunk: Uint8Array }
  | { readonly type: 'trailers'; readonly fields: Fields }
  | {
      /** HTTP/2, if allowed: a response to a request the server made up. Subscribe at once to take it. */
      readonly type: 'push';
      readonly request: RequestConfig;
      readonly response: Observable<Response>;
    }
  | { readonly type: 'retried'; readonly error: unknown }
  | {
      /** A redirect is about to be followed; what comes next is of the request to `to`. */
      readonly type: 'redirect';
      readonly status: number;
      /** Both without userinfo and fragment. */
      readonly from: string;
      readonly to: string;
      readonly method: string;
      /** 1 for the first. */
      readonly hop: number;
    }
  | { readonly type: 'end' };

/** What happens in a client beside the answers it gives. */
export type ClientEvent =
  | {
      readonly type: 'cancelled';
      readonly url: string;
      readonly phase: ExchangePhase;
      readonly effect: CancelEffect;
      /** Absent where the caller unsubscribed. */
      readonly error?: unknown;
    }
  | { readonly type: 'retried'; readonly url: string; readonly error: unknown }
  | {
      /** Somebody was waited for longer than a second. */
      readonly type: 'stall';
      readonly url: string;
      readonly waitingFor: WaitingFor;
      readonly milliseconds: number;
    };

/** Who an exchange waits for: a free connection, the peer, the socket to take bytes, or its own consumer. */
export type WaitingFor = 'connection' | 'peer' | 'socket' | 'consumer';
