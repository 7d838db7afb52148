import type { TimeoutError } from '../../operators/core/protocol-error.js';
import type { ServerWait } from '../connections/served-connection.js';
import type { Address, SocketInfo } from '../sockets/byte-duplex.js';
import type { ServerAddress } from './server-address.js';
import type { ServerRequest } from './server-request.js';

/** What happens in a server beside the answers it gives. */
export type ServerEvent =
  | { readonly type: 'listening'; readonly address: ServerAddress }
  | {
      /** TLS without a certificate: clients are shown one of our own making, which nobody vouches for. */
      readonly type: 'self-signed';
      readonly names: readonly string[];
      /** SHA-256, in hexadecimal pairs with colons. */
      readonly fingerprint256: string;
      readonly validTo: Date;
    }
  | { readonly type: 'connection'; readonly remote: Address }
  | { readonly type: 'request'; readonly request: ServerRequest }
  | {
      /** The handler threw, failed, or answered what cannot be sent. `sent`: the head was out, so the connection ended. */
      readonly type: 'handler-error';
      readonly request: ServerRequest;
      readonly error: unknown;
      readonly sent: boolean;
    }
  | {
      /** A request was answered without the handler: it was malformed, too large, or too slow. */
      readonly type: 'refused';
      readonly status: number;
      readonly remote: Address;
      readonly error: unknown;
    }
  | { readonly type: 'timeout'; readonly remote: Address; readonly error: TimeoutError }
  | {
      readonly type: 'connection-error';
      readonly remote: Address;
      readonly error: unknown;
    }
  /** Accepting failed for one connection: a TLS handshake, or no file descriptor left; or TLS settings could not be loaded anew. */
  | { readonly type: 'listener-error'; readonly error: unknown }
  | {
      /** A connection has waited for somebody for a second or more; told once a second. */
      readonly type: 'stall';
      readonly connection: SocketInfo;
      readonly waitingFor: Exclude<ServerWait, 'handler'>;
      readonly milliseconds: number;
    }
  /** The last connection is gone. */
  | { readonly type: 'closed' };
