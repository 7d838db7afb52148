import { map, type Observable, of, switchMap } from 'rxjs';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { joinAuthority } from '../../operators/http/authority.js';
import { connectTunnel } from '../../operators/tunnel/connect-tunnel.js';
import { socks5 } from '../../operators/tunnel/socks5.js';
import type { ByteDuplex, SocketInfo } from '../sockets/byte-duplex.js';
import { type ConnectTarget, nodeNetwork } from '../sockets/network.js';
import { tlsOver } from '../sockets/tls.js';
import { resolveName } from '../sockets/tunnel-name.js';
import { tunnelled } from '../sockets/tunnelled.js';
import type { ConnectionOptions } from './connection-options.js';
import type { ProxyAddress } from './proxy-address.js';
import { proxyAuthorization, type Route } from './route.js';

/** Where a route ends. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Told when a step of another kind begins, which has a time limit of its own: a connection, or a tunnel. */
export type Stage = (stage: 'connect' | 'tunnel') => void;

const HTTP1 = ['http/1.1'];

/** One end of the way made so far: the socket below, and the bytes that come out at the end. */
interface Way {
  readonly socket: ByteDuplex;
  readonly bytes: DuplexSubject<Uint8Array, Uint8Array, SocketInfo>;
}

/**
 * Connects by a route: to the first proxy, from each to the next, and to the target, with TLS wherever it is spoken. The
 * certificate of each is checked against its own name, and each is given its own credentials and no others.
 *
 * @param alpn what to offer the target
 */
export function openRoute(
  place: Place,
  options: ConnectionOptions,
  route: Route,
  alpn: readonly string[],
  stage: Stage,
): Observable<ByteDuplex> {
  const network = options.network ?? nodeNetwork;
  const { proxies, forwards } = route;
  const [first] = proxies;
  if (first === undefined) return network.connect(connectTarget(place, options, options.tls, alpn, options.socketPath));

  const proxyPlace = placeOf(first);
  let way: Observable<Way> = network
    .connect(connectTarget(proxyPlace, options, options.proxyTls, HTTP1, undefined))
    .pipe(map((socket) => ({ socket, bytes: socket })));
  proxies.forEach((proxy, i) => {
    const next = proxies[i + 1];
    if (next === undefined && forwards) return;
    const to = next === undefined ? place : placeOf(next);
    const tls = next === undefined ? options.tls : options.proxyTls;
    way = way.pipe(
      switchMap(({ socket, bytes }) => {
        stage('tunnel');
        return throughProxy(proxy, bytes, to, options).pipe(map((tunnel) => ({ socket, bytes: tunnel })));
      }),
      switchMap(({ socket, bytes }) => {
        if (!to.secure) return of({ socket, bytes });
        stage('connect');
        const { highWaterMark } = options;
        const offered = next === undefined ? alpn : HTTP1;
        const clear = tlsOver(bytes, { host: to.host, tls: tls ?? {}, alpn: offered, highWaterMark });
        return clear.pipe(map((inner) => ({ socket, bytes: inner })));
      }),
    );
  });
  return way.pipe(map(({ socket, bytes }) => (bytes === socket ? socket : tunnelled(bytes, socket, place.secure))));
}

function connectTarget(
  { host, port, secure }: Place,
  options: ConnectionOptions,
  tls: ConnectionOptions['tls'],
  alpn: readonly string[],
  path: string | undefined,
): ConnectTarget {
  const { localAddress, localPort, family, lookup, highWaterMark } = options;
  return {
    host,
    port,
    path,
    localAddress,
    localPort,
    family,
    lookup: lookup as ConnectTarget['lookup'],
    highWaterMark,
    tls: secure ? (tls ?? {}) : undefined,
    alpn: secure ? alpn : undefined,
  };
}

function placeOf({ scheme, host, port }: ProxyAddress): Place {
  return { host, port, secure: scheme === 'https' };
}

/** Asks a proxy, over bytes both ways, for bytes both ways to somewhere else. */
function throughProxy(
  { scheme, credentials }: ProxyAddress,
  bytes: DuplexSubject<Uint8Array, Uint8Array, SocketInfo>,
  { host, port }: Place,
  { lookup, family }: ConnectionOptions,
): Observable<DuplexSubject<Uint8Array, Uint8Array, SocketInfo>> {
  if (scheme === 'socks5h') return socks5(bytes, { host, port, ...credentials });
  if (scheme === 'socks5') {
    return resolveName(host, lookup as ConnectTarget['lookup'], family).pipe(
      switchMap((address) => socks5(bytes, { host: address, port, ...credentials })),
    );
  }
  return connectTunnel(bytes, {
    authority: joinAuthority(host, port),
    ...(credentials && { fields: { 'proxy-authorization': proxyAuthorization(credentials) } }),
  });
}
