import type { Duplex } from 'node:stream';
import { merge, Subscription } from 'rxjs';
import type { ServedSocket } from '../connections/served-connection.js';
import { AddedSockets, type AddedHooks, type AddSocketOptions } from './added-sockets.js';
import type { OpenedListeners } from './open-listeners.js';
import type { ResolvedServeConfig } from './serve-config.js';

export interface IncomingHooks extends AddedHooks {
  /** A listener has failed for good. */
  broken(): void;
}

/** Where the connections of a server come from: its listeners, and whoever adds some. */
export class Incoming {
  readonly #opened: OpenedListeners;
  readonly #added: AddedSockets;
  readonly #hooks: IncomingHooks;
  readonly #most: number;
  readonly #accepting = new Subscription();
  /** Something may still come from here, and from those that were added. */
  #listens = false;
  #adds = true;
  #open = 0;
  #paused = false;
  #accepts = true;
  #closing = false;

  constructor(config: ResolvedServeConfig, opened: OpenedListeners, hooks: IncomingHooks) {
    this.#opened = opened;
    this.#hooks = hooks;
    this.#most = config.maxConnections;
    const over = (): void => {
      this.#adds = false;
      this.#checkOver();
    };
    this.#added = new AddedSockets(config, opened.tls, { ...hooks, over });
  }

  /** Nothing comes any more. */
  get over(): boolean {
    return !this.#listens && !this.#adds;
  }

  start(): void {
    const { listener, reloadErrors } = this.#opened;
    this.#listens = true;
    const ended = (): void => {
      this.#listens = false;
      this.#checkOver();
    };
    this.#accepting.add(
      merge(listener.errors, reloadErrors).subscribe({
        next: (error) => this.#hooks.failed(error),
        error: () => undefined,
      }),
    );
    this.#accepting.add(
      listener.connections.subscribe({
        next: (socket) => this.#hooks.ready(socket),
        error: (error: unknown) => {
          this.#hooks.failed(error);
          this.#listens = false;
          this.#hooks.broken();
        },
        complete: ended,
      }),
    );
  }

  add(socket: ServedSocket | Duplex, options?: AddSocketOptions): void {
    this.#added.add(socket, options);
  }

  pause(): void {
    this.#paused = true;
    this.#gate();
  }

  resume(): void {
    this.#paused = false;
    this.#gate();
  }

  /** Accepting waits while too many are open. */
  count(open: number): void {
    this.#open = open;
    this.#gate();
  }

  /** @param lastWord milliseconds for those from which nothing has come yet, see `Listener.close` */
  close(lastWord: number): void {
    this.#closing = true;
    this.#opened.listener.close({ lastWord });
    this.#opened.release();
    this.#added.close(lastWord);
  }

  /** What has not come by now does not. */
  abandon(): void {
    this.#opened.listener.close();
    this.#accepting.unsubscribe();
    this.#listens = false;
    this.#added.close();
  }

  #checkOver(): void {
    if (!this.over) return;
    this.#accepting.unsubscribe();
    this.#hooks.over();
  }

  #gate(): void {
    const accepts = !this.#paused && this.#open < this.#most;
    if (this.#closing || accepts === this.#accepts) return;
    this.#accepts = accepts;
    if (accepts) this.#opened.listener.resume();
    else this.#opened.listener.pause();
  }
}
