import { isIP } from 'node:net';
import { bareHost } from './socket-info.js';
import type { TlsServerConfig } from './tls-config.js';
import type { TlsNames } from './tls-names.js';

/** Whether a connection whose client indicated that name may be asked for this host. */
export type CertificateCoverage = (servername: string | undefined, host: string) => boolean;

/** Undefined where one certificate is for all there is. */
export function certificateCoverage(
  { covers, SNICallback }: TlsServerConfig,
  names: TlsNames | undefined,
): CertificateCoverage | undefined {
  if (covers) return guard(covers);
  if (names) return (servername, host) => names.covers(servername, host);
  return SNICallback && sameName;
}

/** What was settled for one name says nothing about another. */
function sameName(servername: string | undefined, host: string): boolean {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return servername === undefined ? isIP(bareHost(host)) !== 0 : servername.toLowerCase() === name.toLowerCase();
}

/** A throw of the user's is a no. */
function guard(covers: CertificateCoverage): CertificateCoverage {
  return (servername, host) => {
    try {
      return covers(servername, host);
    } catch {
      return false;
    }
  };
}
