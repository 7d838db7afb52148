import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { createServer, type SecureContext, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { Observable } from 'rxjs';
import { NetworkError } from '../../operators/core/protocol-error.js';
import type { ByteDuplex, SocketInfo } from './byte-duplex.js';
import { networkError } from './network-error.js';
import { ignoreErrors } from './open-socket.js';
import { socketDuplex } from './stream-duplex.js';
import type { AlpnCallback, SniCallback, TlsServerConfig } from './tls-config.js';
import { serverContext } from './tls-context.js';
import { authorizationErrorOf, tcpBelow, tlsSocketInfo } from './tls-info.js';

/** Node's own limit, set out of the way: ours runs on a scheduler. */
const NO_HANDSHAKE_TIMEOUT = 2 ** 31 - 1;

const servers = new WeakMap<TlsServerConfig, Server>();

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
    let server: Server;
    try {
      server = serverFor(config);
    } catch (error) {
      return subscriber.error(networkError(error, 'tls'));
    }
    const single = singleConnectionServer(server);
    single.on('secureConnection', (socket) => {
      socket.disableRenegotiation();
      carrier.allowHalfOpen = true;
      socket.allowHalfOpen = true;
      done = true;
      const indicated = typeof socket.servername === 'string' ? socket.servername : undefined;
      const refusal = config.requestCert === true ? authorizationErrorOf(socket) : undefined;
      subscriber.next(
        socketDuplex(socket, tlsSocketInfo(socket, info, indicated, refusal), highWaterMark, tcpBelow(carrier, info)),
      );
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

/** One server for all connections of a config: it keeps the keys of the session tickets. */
function serverFor(config: TlsServerConfig): Server {
  let server = servers.get(config);
  if (server === undefined) {
    server = createServer(serverOptions(config));
    (server as Server & { _sharedCreds: SecureContext })._sharedCreds = serverContext(config);
    servers.set(config, server);
  }
  return server;
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

function serverOptions(config: TlsServerConfig): TlsOptions {
  const { alpn, ALPNCallback, SNICallback } = config;
  return {
    handshakeTimeout: NO_HANDSHAKE_TIMEOUT,
    requestCert: config.requestCert === true,
    rejectUnauthorized: config.rejectUnauthorized !== false,
    ...(alpn && { ALPNProtocols: [...alpn] }),
    ...(ALPNCallback && { ALPNCallback: guardAlpn(ALPNCallback) }),
    ...(SNICallback && { SNICallback: guardSni(SNICallback) }),
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

/** Where Node has closed on a bad client certificate, the reason is on the socket. */
function handshakeError(error: unknown, socket: TLSSocket): Error {
  const refusal = authorizationErrorOf(socket);
  if (refusal === undefined) return networkError(error, 'tls');
  return new NetworkError(refusal, 'tls', `the client certificate was refused: ${refusal}`, error);
}
