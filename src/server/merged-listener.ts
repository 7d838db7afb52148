import { forkJoin, map, merge, type Observable } from 'rxjs';
import type { Address, ByteDuplex } from '../sockets/byte-duplex.js';
import type { Listener } from '../sockets/network.js';
import type { TlsServerConfig } from '../sockets/tls.js';

/** Several listeners as one. `address` is that of the first. */
export class MergedListener implements Listener {
  readonly address: Address;
  readonly connections: Observable<ByteDuplex>;
  readonly errors: Observable<unknown>;
  readonly #listeners: readonly Listener[];

  constructor(listeners: readonly [Listener, ...Listener[]]) {
    this.#listeners = listeners;
    this.address = listeners[0].address;
    this.connections = merge(...listeners.map(({ connections }) => connections));
    this.errors = merge(...listeners.map(({ errors }) => errors));
  }

  pause(): void {
    for (const one of this.#listeners) one.pause();
  }

  resume(): void {
    for (const one of this.#listeners) one.resume();
  }

  reload(tls: TlsServerConfig): void {
    for (const one of this.#listeners) one.reload(tls);
  }

  ref(): void {
    for (const one of this.#listeners) one.ref();
  }

  unref(): void {
    for (const one of this.#listeners) one.unref();
  }

  close(options?: { readonly lastWord?: number | undefined }): Observable<void> {
    return forkJoin(this.#listeners.map((one) => one.close(options))).pipe(map(() => undefined));
  }
}
