import { defer, map, type Observable, of, type SchedulerLike, switchMap, tap } from 'rxjs';
import type { DuplexSubject } from '../../operators/core/duplex-subject.js';
import { joinAuthority } from '../../operators/http/authority.js';
import { connectTunnel } from '../../operators/tunnel/connect-tunnel.js';
import { socks5 } from '../../operators/tunnel/socks5.js';
import type { ByteDuplex, SocketInfo } from '../sockets/byte-duplex.js';
import { type ConnectTarget, nodeNetwork } from '../sockets/network.js';
import { tlsOver } from '../sockets/tls.js';
import { requireAdmittedHost } from '../sockets/reach-host.js';
import { resolveHost } from '../sockets/resolve-host.js';
import { tunnelled } from '../sockets/tunnelled.js';
import type { ConnectionOptions } from './connection-options.js';
import type { ProxyAddress } from './proxy-address.js';
import { proxyAuthorization, type Route } from './route.js';
import type { SessionOwner, TlsSessions } from './tls-sessions.js';

/** Where a route ends. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** Told when a step of another kind begins, which has a time limit of its own: a connection, or a tunnel. */
export type Stage = (stage: 'connect' | 'tunnel') => void;

/** What a connection is opened for. */
export interface Opening {
  readonly stage: Stage;
  readonly scheduler: SchedulerLike;
  /** Where TLS sessions are kept, if anywhere. */
  readonly sessions: TlsSessions | undefined;
}

const HTTP1 = ['http/1.1'];

/** How TLS is spoken with one hop. */
type TlsHop = Pick<ConnectionOptions, 'tls'> & { readonly alpn: readonly string[] };

/** The session it is spoken in. */
type SessionTarget = Pick<ConnectTarget, 'session' | 'onSession'>;

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
  { stage, scheduler, sessions }: Opening,
): Observable<ByteDuplex> {
  const network = options.network ?? nodeNetwork;
  const { proxies, forwards } = route;
  const [first] = proxies;
  const tlsOf = (hop: number): TlsHop => ({
    tls: hop === proxies.length ? options.tls : options.proxyTls,
    alpn: hop === proxies.length ? alpn : HTTP1,
  });
  /** TLS with one hop, in a session of its own. */
  const resuming = (
    { host, port, secure }: Place,
    hop: number,
    handshake: (session: SessionTarget) => Observable<ByteDuplex>,
  ): Observable<ByteDuplex> => {
    if (!secure || sessions === undefined) return handshake({});
    const owner: SessionOwner = { host, port, options, route, hop };
    return defer(() => {
      const session = sessions.find(owner);
      const handshaking = handshake({ session, onSession: (more) => sessions.keep(owner, more) });
      return session === undefined ? handshaking : handshaking.pipe(tap({ error: () => sessions.forget(owner) }));
    });
  };
  const reach = (to: Place, hop: number, path: string | undefined): Observable<ByteDuplex> =>
    resuming(to, hop, (session) =>
      network.connect({ ...connectTarget(to, options, tlsOf(hop), path), scheduler, ...session }),
    );
  if (first === undefined) return reach(place, 0, options.socketPath);

  let way: Observable<Way> = defer(() => {
    requireAdmittedHost(place.host, options.addressPolicy); // whoever connects to it in the end
    return reach(placeOf(first), 0, undefined);
  }).pipe(map((socket) => ({ socket, bytes: socket })));
  proxies.forEach((proxy, i) => {
    const next = proxies[i + 1];
    if (next === undefined && forwards) return;
    const to = next === undefined ? place : placeOf(next);
    way = way.pipe(
      switchMap(({ socket, bytes }) => {
        stage('tunnel');
        return throughProxy(proxy, bytes, to, options).pipe(map((tunnel) => ({ socket, bytes: tunnel })));
      }),
      switchMap(({ socket, bytes }) => {
        if (!to.secure) return of({ socket, bytes });
        stage('connect');
        const { highWaterMark } = options;
        const { tls = {}, alpn: offered } = tlsOf(i + 1);
        const clear = resuming(to, i + 1, (session) =>
          tlsOver(bytes, { host: to.host, tls, alpn: offered, highWaterMark, ...session }),
        );
        return clear.pipe(map((inner) => ({ socket, bytes: inner })));
      }),
    );
  });
  return way.pipe(map(({ socket, bytes }) => (bytes === socket ? socket : tunnelled(bytes, socket, place.secure))));
}

function connectTarget(
  { host, port, secure }: Place,
  options: ConnectionOptions,
  { tls, alpn }: TlsHop,
  path: string | undefined,
): ConnectTarget {
  const { localAddress, localPort, family, resolver, lookup, addressPolicy, happyEyeballs, highWaterMark } = options;
  return {
    host,
    port,
    path,
    localAddress,
    localPort,
    family,
    resolver,
    lookup: lookup as ConnectTarget['lookup'],
    addressPolicy,
    happyEyeballs,
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
  options: ConnectionOptions,
): Observable<DuplexSubject<Uint8Array, Uint8Array, SocketInfo>> {
  if (scheme === 'socks5h') return socks5(bytes, { host, port, ...credentials });
  if (scheme === 'socks5') {
    const { resolver, family, addressPolicy } = options;
    const lookup = options.lookup as ConnectTarget['lookup'];
    return resolveHost({ host, resolver, lookup, family, addressPolicy }).pipe(
      switchMap((address) => socks5(bytes, { host: address, port, ...credentials })),
    );
  }
  return connectTunnel(bytes, {
    authority: joinAuthority(host, port),
    ...(credentials && { fields: { 'proxy-authorization': proxyAuthorization(credentials) } }),
  });
}
