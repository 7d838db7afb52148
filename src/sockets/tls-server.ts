import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import type { SecureContext, Server, TLSSocket, TlsOptions } from 'node:tls';
import { catchError, defaultIfEmpty, defer, Observable, of, take } from 'rxjs';
import { NetworkError } from '../../operators/core/protocol-error.js';
import type { ByteDuplex, SocketInfo } from './byte-duplex.js';
import { certificateCoverage, type CertificateCoverage } from './certificate-coverage.js';
import { networkError } from './network-error.js';
import { ignoreErrors } from './open-socket.js';
import { socketDuplex } from './stream-duplex.js';
import type { AlpnCallback, OcspCallback, SniCallback, TlsServerConfig } from './tls-config.js';
import { serverContext } from './tls-context.js';
import { authorizationErrorOf, tcpBelow, tlsSocketInfo, withCovers } from './tls-info.js';
import { TlsNames } from './tls-names.js';
import { nodeTls } from './node-tls.js';

type StapleAnswer = (error: Error | null, response: Buffer | null) => void;

/** Node's own limit, set out of the way: ours runs on a scheduler. */
const NO_HANDSHAKE_TIMEOUT = 2 ** 31 - 1;

/** What all connections of a config share: a server, which keeps the keys of the session tickets, and who covers whom. */
interface Shared {
  readonly server: Server;
  readonly covers: CertificateCoverage | undefined;
}

const servers = new WeakMap<TlsServerConfig, Shared>();

/** Handshakes over a connected stream, which it takes over; emits the clear side and completes. */
export function serverHandshake(
  carrier: Duplex,
  config: TlsServerConfig,
  info: SocketInfo,
  highWaterMark?: number,
): Observable<ByteDuplex> {
  return new Observable((subscriber) => {
    let done = false;
    carrier.on('error', ignoreErrors);
    carrier.allowHalfOpen = false; // an end before the handshake is one: Node tells only where it closes upon it
    subscriber.add(() => {
      if (!done) carrier.destroy();
    });
    let shared: Shared;
    try {
      shared = sharedBy(config);
    } catch (error) {
      return subscriber.error(networkError(error, 'tls'));
    }
    const { server, covers } = shared;
    const single = singleConnectionServer(server);
    if (config.ocsp) single.on('OCSPRequest', stapler(config.ocsp));
    single.on('secureConnection', (socket) => {
      socket.disableRenegotiation();
      carrier.allowHalfOpen = true;
      socket.allowHalfOpen = true;
      done = true;
      const indicated = typeof socket.servername === 'string' ? socket.servername : undefined;
      const refusal = config.requestCert === true ? authorizationErrorOf(socket) : undefined;
      const facts = tlsSocketInfo(socket, info, indicated, refusal);
      const known = covers ? withCovers(facts, (host) => covers(indicated, host)) : facts;
      subscriber.next(socketDuplex(socket, known, highWaterMark, tcpBelow(carrier, info)));
      subscriber.complete();
    });
    single.on('tlsClientError', (error, socket) => {
      socket.on('error', ignoreErrors);
      subscriber.error(handshakeError(error, socket));
    });
    single.emit('connection', carrier);
    return undefined;
  });
}

/** Makes ready what handshakes need. @throws what is wrong with the settings */
export function prepareTls(config: TlsServerConfig): void {
  try {
    sharedBy(config);
  } catch (error) {
    throw networkError(error, 'tls');
  }
}

function sharedBy(config: TlsServerConfig): Shared {
  let shared = servers.get(config);
  if (shared === undefined) {
    const names = config.names ? new TlsNames(config) : undefined;
    const server = nodeTls().createServer(serverOptions(config, names));
    (server as Server & { _sharedCreds: SecureContext })._sharedCreds = serverContext(config);
    shared = { server, covers: certificateCoverage(config, names) };
    servers.set(config, shared);
  }
  return shared;
}

/**
 * `server` again, with listeners of its own: Node reports what became of a handshake to the server only, and does not say
 * whose it was.
 */
function singleConnectionServer(server: Server): Server {
  const single = Object.create(server) as Server;
  (EventEmitter as unknown as (this: Server) => void).call(single);
  for (const listener of server.listeners('connection')) single.on('connection', listener as () => void);
  return single;
}

function serverOptions(config: TlsServerConfig, names: TlsNames | undefined): TlsOptions {
  const { alpn, ALPNCallback, SNICallback } = config;
  return {
    handshakeTimeout: NO_HANDSHAKE_TIMEOUT,
    requestCert: config.requestCert === true,
    rejectUnauthorized: config.rejectUnauthorized !== false,
    ...(alpn && { ALPNProtocols: [...alpn] }),
    ...(ALPNCallback && { ALPNCallback: guardAlpn(ALPNCallback) }),
    ...(SNICallback && { SNICallback: guardSni(SNICallback) }),
    ...(names && { SNICallback: byName(names) }),
  };
}

/** A throw of the user's, or an answer that was not offered, refuses this connection only. */
function guardAlpn(pick: AlpnCallback): NonNullable<TlsOptions['ALPNCallback']> {
  return (offer) => {
    try {
      const picked = pick(offer);
      return picked !== undefined && offer.protocols.includes(picked) ? picked : undefined;
    } catch {
      return undefined;
    }
  };
}

/** A throw of the user's fails this connection only, and so does a second answer. */
function guardSni(pick: SniCallback): NonNullable<TlsOptions['SNICallback']> {
  return (servername, answer) => {
    let answered = false;
    const once: typeof answer = (error, context) => {
      if (answered) return;
      answered = true;
      answer(error, context);
    };
    try {
      pick(servername, once);
    } catch (error) {
      once(error instanceof Error ? error : new Error(String(error)));
    }
  };
}

/** Fatal, `unrecognized_name` (RFC 6066 §3), in a record of its own: no keys have been agreed on. */
const UNRECOGNIZED_NAME = Buffer.of(0x15, 3, 3, 0, 2, 2, 112);
const unrecognized = new WeakSet<TLSSocket>();

/** Node, given an error here, closes without a word: the alert is ours. It calls with the socket as `this`. */
function byName(names: TlsNames): NonNullable<TlsOptions['SNICallback']> {
  return function (this: unknown, name, answer) {
    const context = names.contextFor(name);
    if (context !== null) return answer(null, context);
    const socket = this as TLSSocket & { readonly _parent?: Duplex & { readonly stream?: Duplex } };
    unrecognized.add(socket);
    const below = socket._parent?.stream ?? socket._parent;
    below?.write(UNRECOGNIZED_NAME);
    answer(new NetworkError('UNRECOGNIZED_NAME', 'tls', 'a name that has no certificate'));
  };
}

/** A failure staples nothing, and a second answer is none. */
function stapler(ocsp: OcspCallback): (certificate: Buffer, issuer: Buffer, answer: StapleAnswer) => void {
  return (certificate, issuer, answer) => {
    defer(() => ocsp({ certificate, issuer: issuer ?? undefined }))
      .pipe(
        take(1),
        catchError(() => of(undefined)),
        defaultIfEmpty(undefined),
      )
      .subscribe((response) => answer(null, response ? Buffer.from(response) : null));
  };
}

/** Where Node has closed on a bad client certificate, the reason is on the socket. */
function handshakeError(error: unknown, socket: TLSSocket): Error {
  if (unrecognized.has(socket)) {
    return new NetworkError('UNRECOGNIZED_NAME', 'tls', 'the client indicated a name that has no certificate', error);
  }
  const refusal = authorizationErrorOf(socket);
  if (refusal === undefined) return networkError(error, 'tls');
  return new NetworkError(refusal, 'tls', `the client certificate was refused: ${refusal}`, error);
}
