import { isDigits, splitList } from '../../operators/http/field-syntax.js';
import { ClientConnection } from '../../operators/http1/client-connection.js';
import type { ClientExchange } from '../../operators/http1/client-exchange.js';
import type { Http1Limits } from '../../operators/http1/limits.js';
import type { Deadline, Deadlines } from '../connections/timeouts.js';
import type { ByteDuplex } from '../sockets/byte-duplex.js';
import type { Exchange } from './exchange.js';
import type { Lease, OutboundRequest } from './lease.js';
import type { PreparedRequest } from './prepared-request.js';

/** What a connection tells its pool. */
export interface Http1LeaseHooks {
  offer(lease: Http1Lease): void;
  remove(lease: Http1Lease): void;
}

/** An HTTP/1 connection with its place in the pool. */
export class Http1Lease implements Lease {
  readonly connection: ClientConnection;
  readonly socket: ByteDuplex;
  readonly cancelEffect = 'connection-closed';
  /** Closes it when it has been idle too long. */
  readonly expiry: Deadline;
  /** Idle and not keeping the process alive. */
  resting = false;
  /** What the server allows, in milliseconds, if it said. */
  keepAliveHint: number | undefined;
  readonly #hooks: Http1LeaseHooks;

  constructor(
    hooks: Http1LeaseHooks,
    socket: ByteDuplex,
    deadlines: Deadlines,
    limits: Partial<Http1Limits> | undefined,
  ) {
    this.#hooks = hooks;
    this.socket = socket;
    this.expiry = deadlines.create(() => this.connection.close());
    this.connection = new ClientConnection(
      socket,
      { available: () => hooks.offer(this), closed: () => hooks.remove(this) },
      limits,
    );
  }

  get served(): number {
    return this.connection.served;
  }

  get heldBytes(): number {
    return this.socket.heldBytes;
  }

  begin(sink: Exchange, { head }: PreparedRequest): OutboundRequest {
    const outbound = this.connection.begin(sink, head.method, head.upgrade !== '');
    if (head.close) this.connection.close(); // once this one is answered
    return outbound;
  }

  write({ head }: PreparedRequest, outbound: OutboundRequest, wholeBody: Uint8Array | undefined): void {
    (outbound as ClientExchange).head(head.text, head.framing, head.contentLength, wholeBody);
  }

  /** We let go a second before the server does. */
  hint(value: string): void {
    for (const member of splitList(value)) {
      const [name, seconds] = member.split('=');
      if (name?.toLowerCase() === 'timeout' && seconds !== undefined && isDigits(seconds)) {
        this.keepAliveHint = Math.max(1, Number(seconds) * 1000 - 1000);
      }
    }
  }

  /** Whoever was given it may have done nothing with it. */
  unused(): void {
    if (this.connection.idle) this.#hooks.offer(this);
  }

  close(): void {
    this.connection.close();
  }
}
