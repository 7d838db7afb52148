import {
  AsyncSubject,
  concatMap,
  ignoreElements,
  map,
  Observable,
  of,
  ReplaySubject,
  type Subscription,
  tap,
} from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { Listener } from '../sockets/network.js';
import { needsCertificate, selfSigned, type SelfSigned } from '../sockets/self-signed.js';
import type { TlsServerConfig } from '../sockets/tls.js';

/** The TLS settings of one listener: the first ones are waited for, those after them replace them. */
export class TlsSettings {
  /** Emits once, and completes. */
  readonly first: Observable<TlsServerConfig>;
  /** What could not be used, or loaded; what was in force stays. Completes when nothing more can come. */
  readonly errors: Observable<unknown>;
  /** In force now. */
  current: TlsServerConfig | undefined;
  /** The certificate we made, where none was given. */
  selfSigned: SelfSigned | undefined;
  readonly #errors = new ReplaySubject<unknown>(1); // nobody may be listening yet
  /** Who is told of what comes after the first. */
  readonly #listener = new AsyncSubject<Listener>();
  #loading: Subscription | undefined;

  /** @param shown whether a certificate is of any use, so that one is made where there is none */
  constructor(source: Observable<TlsServerConfig>, host: string | undefined, shown: boolean) {
    this.errors = this.#errors.asObservable();
    this.first = new Observable((subscriber) => {
      this.#loading = source
        .pipe(
          concatMap((config) => (shown ? this.#withCertificate(config, host) : of(config))),
          concatMap((config) => (this.current === undefined ? of(config) : this.#replace(config))),
        )
        .subscribe({
          next: (first) => {
            this.current = first;
            subscriber.next(first);
            subscriber.complete();
          },
          error: (error: unknown) => {
            if (this.current === undefined) subscriber.error(error);
            else this.#errors.next(error);
            this.#errors.complete();
          },
          complete: () => {
            if (this.current === undefined) subscriber.error(new UsageError('INVALID_OPTION', 'tls has no value'));
            this.#errors.complete();
          },
        });
    });
  }

  /** It listens, with the first: what has come since, and what comes, is for it. */
  tell(listener: Listener): void {
    this.#listener.next(listener);
    this.#listener.complete();
  }

  release(): void {
    this.#loading?.unsubscribe();
    this.#errors.complete();
  }

  #replace(config: TlsServerConfig): Observable<never> {
    return this.#listener.pipe(
      tap((listener) => {
        try {
          listener.reload(config);
          this.current = config;
        } catch (error) {
          this.#errors.next(error);
        }
      }),
      ignoreElements(),
    );
  }

  #withCertificate(config: TlsServerConfig, host: string | undefined): Observable<TlsServerConfig> {
    if (!needsCertificate(config)) return of(config);
    return selfSigned(host).pipe(
      map((made) => {
        this.selfSigned = made;
        return { ...config, cert: made.cert, key: made.key };
      }),
    );
  }
}
