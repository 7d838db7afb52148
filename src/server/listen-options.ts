import { isObservable, map, of, type Observable } from 'rxjs';
import type { ServedVersion } from '../connections/negotiate.js';
import type { ListenConfig } from '../sockets/network.js';
import type { TlsServerConfig } from '../sockets/tls.js';
import { TrustedPeers } from '../sockets/trusted-peers.js';
import { invalid, whole } from './option.js';

/** Settings of TLS: `true` is a certificate of the server's own making, an Observable loads them anew with each value. */
export type TlsSetting = boolean | TlsServerConfig | Observable<TlsServerConfig>;

/** One place to listen at. */
export interface ListenAt extends Pick<
  ListenConfig,
  | 'host'
  | 'port'
  | 'fd'
  | 'path'
  | 'mode'
  | 'unlinkStale'
  | 'family'
  | 'ipv6Only'
  | 'backlog'
  | 'reusePort'
  | 'exclusive'
  | 'highWaterMark'
  | 'cleartext'
  | 'proxyProtocol'
> {
  /**
   * Speaks https. Without a certificate, one is made for the host, which nobody vouches for: an event and a process
   * warning say so. Each value of an Observable is for the handshakes after it; open connections keep what they have.
   */
  readonly tls?: TlsSetting | undefined;
}

/** A {@link ListenAt}, checked. */
export interface ResolvedListen {
  readonly config: ListenConfig;
  readonly tls: Observable<TlsServerConfig> | undefined;
}

/** @throws `UsageError` `INVALID_OPTION` */
export function resolveListen(
  at: ListenAt,
  version: ServedVersion,
  shared: Pick<ListenConfig, 'handshakeTimeout' | 'maxHandshakes' | 'spareDescriptors' | 'scheduler'>,
): ResolvedListen {
  const {
    host,
    path,
    fd,
    mode,
    unlinkStale,
    family,
    ipv6Only,
    reusePort,
    exclusive,
    tls = false,
    cleartext,
    proxyProtocol,
  } = at;
  if (host !== undefined && typeof host !== 'string') throw invalid('host', 'a string');
  if (path !== undefined && (typeof path !== 'string' || path === '')) throw invalid('path', 'a path');
  if (path !== undefined && (host !== undefined || at.port !== undefined))
    throw invalid('path', 'instead of a host and port');
  if (fd !== undefined && (host !== undefined || at.port !== undefined || path !== undefined))
    throw invalid('fd', 'instead of a host, port or path');
  if (family !== undefined && family !== 4 && family !== 6) throw invalid('family', '4 or 6');
  if (cleartext !== undefined && typeof cleartext !== 'boolean') throw invalid('cleartext', 'true or false');
  if (proxyProtocol !== undefined) new TrustedPeers(proxyProtocol); // throws
  const bound = path !== undefined || fd !== undefined;
  return {
    config: {
      ...shared,
      host,
      port: bound ? undefined : (whole('port', at.port, 0, 65_535) ?? 0),
      path,
      fd: whole('fd', fd, 0),
      mode,
      unlinkStale,
      family,
      ipv6Only,
      reusePort,
      exclusive,
      backlog: whole('backlog', at.backlog, 0),
      highWaterMark: whole('highWaterMark', at.highWaterMark, 1),
      cleartext,
      proxyProtocol,
    },
    tls: resolveTls(tls, version),
  };
}

function resolveTls(tls: TlsSetting, version: ServedVersion): Observable<TlsServerConfig> | undefined {
  if (tls === false) return undefined;
  if (isObservable(tls)) return tls.pipe(map((one) => withProtocols(one, version)));
  if (tls !== true && (typeof tls !== 'object' || tls === null))
    throw invalid('tls', 'true, settings or an Observable');
  return of(withProtocols(tls === true ? {} : tls, version));
}

/** What we speak, for clients that ask (RFC 7301). */
function withProtocols(tls: TlsServerConfig, version: ServedVersion): TlsServerConfig {
  if (typeof tls !== 'object' || tls === null) throw invalid('tls', 'settings');
  if (tls.alpn !== undefined || tls.ALPNCallback !== undefined) return tls;
  const http1 = version === '2' ? [] : ['http/1.1', 'http/1.0'];
  return { ...tls, alpn: version === '1.1' ? http1 : ['h2', ...http1] };
}
