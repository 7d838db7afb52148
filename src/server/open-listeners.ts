import { concatMap, from, map, merge, Observable } from 'rxjs';
import type { Listener, Network } from '../sockets/network.js';
import type { SelfSigned } from '../sockets/self-signed.js';
import type { TlsServerConfig } from '../sockets/tls.js';
import type { ResolvedListen } from './listen-options.js';
import { MergedListener } from './merged-listener.js';
import { toServerAddress, type ServerAddress } from './server-address.js';
import { TlsSettings } from './tls-settings.js';

/** What a server listens with. */
export interface OpenedListeners {
  readonly listener: Listener;
  readonly addresses: readonly ServerAddress[];
  /** The settings in force, of the first place that speaks TLS. */
  readonly tls: () => TlsServerConfig | undefined;
  /** Settings loaded anew that could not be used; those before them stay. */
  readonly reloadErrors: Observable<unknown>;
  /** Certificates of our own making. */
  readonly selfSigned: readonly SelfSigned[];
  /** No more settings are loaded. */
  readonly release: () => void;
}

interface Opened {
  readonly listener: Listener;
  readonly settings: TlsSettings | undefined;
}

/** Binds all places, or none: emits once, and completes. */
export function openListeners(network: Network, places: readonly ResolvedListen[]): Observable<OpenedListeners> {
  return new Observable((subscriber) => {
    const opened: Opened[] = [];
    let handedOver = false;
    const release = (): void => {
      for (const { settings } of opened) settings?.release();
    };
    const giveUp = (): void => {
      if (handedOver) return;
      release();
      for (const { listener } of opened) listener.close();
    };
    subscriber.add(giveUp);
    return from(places)
      .pipe(concatMap((place) => open(network, place)))
      .subscribe({
        next: (one) => opened.push(one),
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          handedOver = true;
          subscriber.next({ ...together(opened as [Opened, ...Opened[]]), release });
          subscriber.complete();
        },
      });
  });
}

function together(opened: readonly [Opened, ...Opened[]]): Omit<OpenedListeners, 'release'> {
  const listeners = opened.map(({ listener }) => listener) as [Listener, ...Listener[]];
  const settings = opened.flatMap((one) => one.settings ?? []);
  const made = settings.flatMap((one) => one.selfSigned ?? []);
  return {
    listener: listeners.length === 1 ? listeners[0] : new MergedListener(listeners),
    addresses: listeners.map(({ address }) => toServerAddress(address)),
    tls: () => settings[0]?.current,
    reloadErrors: merge(...settings.map(({ errors }) => errors)),
    selfSigned: [...new Set(made)],
  };
}

function open(network: Network, { config, tls }: ResolvedListen): Observable<Opened> {
  if (tls === undefined) return network.listen(config).pipe(map((listener) => ({ listener, settings: undefined })));
  return new Observable((subscriber) => {
    const settings = new TlsSettings(tls, config.host, network.showsCertificates ?? true);
    let listens = false;
    subscriber.add(() => {
      if (!listens) settings.release();
    });
    return settings.first.pipe(concatMap((first) => network.listen({ ...config, tls: first }))).subscribe({
      next: (listener) => {
        listens = true;
        settings.tell(listener);
        subscriber.next({ listener, settings });
        subscriber.complete();
      },
      error: (error: unknown) => subscriber.error(error),
    });
  });
}
