import { Duplex } from 'node:stream';
import { TimeoutError } from '../../operators/core/protocol-error.js';
import type { ServedSocket } from '../connections/served-connection.js';
import { adoptStream } from '../sockets/adopt-stream.js';
import { ByteDuplex } from '../sockets/byte-duplex.js';
import { carried } from '../sockets/carried.js';
import { acceptPreamble, type Preamble } from '../sockets/preamble.js';
import { Preparing } from '../sockets/preparing.js';
import type { TlsServerConfig } from '../sockets/tls.js';
import { infoOf } from '../sockets/socket-info.js';
import { invalid } from './option.js';
import type { ResolvedServeConfig } from './serve-config.js';

export interface AddSocketOptions {
  readonly tls?: boolean | TlsServerConfig | undefined;
}

export interface AddedHooks {
  ready(socket: ServedSocket): void;
  failed(error: unknown): void;
  /** It is closed, and none is on its way any more. */
  over(): void;
}

/** Connections that come another way than through a listener. */
export class AddedSockets {
  readonly #hooks: AddedHooks;
  readonly #tls: () => TlsServerConfig | undefined;
  readonly #preparing: Preparing;
  #closed = false;

  /** @param tls the server's own settings, if it has any */
  constructor(config: ResolvedServeConfig, tls: () => TlsServerConfig | undefined, hooks: AddedHooks) {
    this.#hooks = hooks;
    this.#tls = tls;
    const { handshakeTimeout, maxHandshakes } = config;
    this.#preparing = new Preparing(
      { ...hooks, room: () => undefined },
      handshakeTimeout,
      maxHandshakes,
      config.scheduler,
    );
  }

  /** @throws `UsageError` `INVALID_OPTION` */
  add(given: ServedSocket | Duplex, { tls }: AddSocketOptions = {}): void {
    const socket = given instanceof Duplex ? adoptStream(given) : given;
    if (this.#closed) return socket.error(new TimeoutError('close', 0, 'the server is closing'));
    const preamble = infoOf(socket.info).tls === undefined ? this.#preamble(tls) : undefined;
    if (preamble === undefined) return this.#hooks.ready(socket);
    if (this.#preparing.full) return socket.error(new TimeoutError('setup', 0, 'too many handshakes at a time'));
    const connection = socket instanceof ByteDuplex ? socket : carried(socket);
    this.#preparing.start(connection, acceptPreamble(connection, preamble));
  }

  /** @param lastWord see `Listener.close` */
  close(lastWord?: number): void {
    this.#closed = true;
    this.#preparing.close(lastWord);
  }

  #preamble(tls: boolean | TlsServerConfig | undefined): Preamble | undefined {
    if (tls === false) return undefined;
    const own = this.#tls();
    if (typeof tls === 'object') return { tls: () => tls };
    if (own === undefined) {
      if (tls === true) throw invalid('tls', 'settings: the server has none');
      return undefined;
    }
    return { tls: () => this.#tls() as TlsServerConfig, cleartext: tls === undefined };
  }
}
