import type { ByteSubject } from './detach.js';
import { UsageError } from '../core/protocol-error.js';
import { Output } from './output.js';
import type { ServerConnection } from './server-connection.js';

/** What an exchange asks and tells its connection. */
export type ExchangeConnection = Pick<
  ServerConnection,
  | 'abort'
  | 'answered'
  | 'checkAlive'
  | 'closed'
  | 'closesAfter'
  | 'detach'
  | 'exhausted'
  | 'flush'
  | 'lingering'
  | 'maxDrain'
  | 'output'
  | 'progress'
  | 'refuse'
  | 'socket'
  | 'stopReading'
  | 'turn'
  | 'unsent'
  | 'written'
  | 'wrote'
>;

const NOWHERE = new Output({ next: () => undefined, cork: () => undefined, uncork: () => undefined });

/**
 * The connection of an exchange that has taken it out of HTTP: nothing happens on it any more. Whoever keeps the request
 * of a WebSocket keeps no decoder with it.
 */
export class LeftConnection implements ExchangeConnection {
  readonly closed = true;
  readonly lingering = false;
  readonly exhausted = true;
  readonly maxDrain = Infinity;
  readonly output = NOWHERE;
  readonly turn = undefined;
  readonly unsent = 0;
  readonly written = 0;
  readonly socket: ByteSubject;

  constructor(socket: ByteSubject) {
    this.socket = socket;
  }

  closesAfter(): boolean {
    return true;
  }

  checkAlive(): boolean {
    return false;
  }

  detach(): never {
    throw new UsageError('SOCKET_TAKEN', 'the socket has another owner');
  }

  abort(): void {}

  answered(): void {}

  flush(): void {}

  progress(): void {}

  refuse(): void {}

  stopReading(): void {}

  wrote(): void {}
}
