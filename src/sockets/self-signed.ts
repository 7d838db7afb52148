import { isIP } from 'node:net';
import { asyncScheduler, defer, from, map, shareReplay, type Observable } from 'rxjs';
import { bareHost } from './socket-info.js';
import type { TlsServerConfig } from './tls-config.js';

/** A certificate that nobody vouches for, PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
  /** The names and addresses it is for. */
  readonly names: readonly string[];
  /** SHA-256, in hexadecimal pairs with colons: what to compare by another way. */
  readonly fingerprint256: string;
  readonly validTo: Date;
}

const DAY = 86_400_000;
const YEAR = 365 * DAY;

/** One for each host and process: who has accepted it once meets it again, whichever server shows it. */
const made = new Map<string, Observable<SelfSigned>>();

/** Whether the settings bring no certificate at all. */
export function needsCertificate(config: TlsServerConfig): boolean {
  const { cert, pfx, secureContext, SNICallback, names } = config;
  return ![cert, pfx, secureContext, SNICallback, names].some((one) => one !== undefined);
}

/** A certificate for the host of a listener, and for this machine by its own names. Made once, when first asked for. */
export function selfSigned(host = ''): Observable<SelfSigned> {
  const names = namesFor(bareHost(host).toLowerCase());
  const key = names[0] as string;
  let one = made.get(key);
  if (one === undefined) {
    // Who has a certificate never loads the library.
    one = defer(() => from(import('./sign-certificate.js'))).pipe(
      map(({ signCertificate }) => {
        const now = asyncScheduler.now();
        const validTo = new Date(now + YEAR);
        return { ...signCertificate(names, new Date(now - DAY), validTo), names, validTo };
      }),
      shareReplay(1),
    );
    made.set(key, one);
  }
  return one;
}

function namesFor(host: string): string[] {
  const named =
    host === '' || host === '0.0.0.0' || host === '::'
      ? process.getBuiltinModule('node:os').hostname().toLowerCase()
      : host;
  const own = isIP(named) !== 0 || /^[a-z0-9._-]+$/.test(named) ? [named] : [];
  return [...new Set([...own, 'localhost', '127.0.0.1', '::1'])];
}
