import { ProtocolError } from '../../operators/core/protocol-error.js';
import type { RequestConfig } from './request-config.js';
import type { Target } from './target.js';

/** What may be spoken with an origin: `any` is for ALPN to decide. */
export type Versions = 'http1' | 'http2' | 'any';

/** Over TLS the server picks, unless the request is for one version; without it, HTTP/2 is prior knowledge (RFC 9113 §3). */
export function versionsOf(version: RequestConfig['version'], { secure }: Target): Versions {
  if (version === '2') return 'http2';
  return secure && version === undefined ? 'any' : 'http1';
}

/** For ALPN, best first (RFC 7301). */
export function offeredProtocols(versions: Versions): readonly string[] {
  if (versions === 'http2') return ['h2'];
  return versions === 'any' ? ['h2', 'http/1.1'] : ['http/1.1'];
}

export function refusedProtocol({ origin }: Target): ProtocolError {
  return new ProtocolError('VERSION_REFUSED', `${origin} does not speak HTTP/2`, { scope: 'connection' });
}
