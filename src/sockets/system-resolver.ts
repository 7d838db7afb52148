import { ADDRCONFIG, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Observable } from 'rxjs';
import { networkError } from './network-error.js';
import type { ResolvedAddress, Resolver } from './resolved-address.js';

/**
 * Asks the system for the addresses of a name (`getaddrinfo`: the hosts file, then DNS), for IPv6 and IPv4 apart, so that each
 * answer is there as soon as it comes. A family the machine has no address of is not asked for.
 *
 * Fails with `NetworkError` of phase `resolve` where neither has an address: `ENOTFOUND`, `EAI_AGAIN`, …
 *
 * @param family asks for this one only
 * @example
 * ```ts
 * import { of } from 'rxjs';
 * import { createClient, systemResolver } from 'rxweir';
 * const staging = [{ address: '10.0.0.7', family: 4 }] as const;
 * createClient({ resolver: (name) => (name === 'www.example.com' ? of(staging) : systemResolver(name)) });
 * ```
 */
export function systemResolver(name: string, family?: 4 | 6): Observable<readonly ResolvedAddress[]> {
  if (family !== undefined) return lookUp(systemLookup, name, family, 0);
  return new Observable((subscriber) => {
    const failures: unknown[] = [];
    let asked = 2;
    let found = false;
    const over = (): void => {
      if (--asked > 0) return;
      if (found) subscriber.complete();
      else subscriber.error(tellingOf(failures));
    };
    for (const one of [6, 4] as const) {
      subscriber.add(
        lookUp(systemLookup, name, one, ADDRCONFIG).subscribe({
          next(addresses) {
            found ||= addresses.length > 0;
            subscriber.next(addresses);
          },
          error(error: unknown) {
            failures.push(error);
            over();
          },
          complete: over,
        }),
      );
    }
  });
}

/** A function in the form of `dns.lookup` as a resolver; it is asked once, for all addresses. */
export function lookupResolver(lookup: LookupFunction, family: 4 | 6 | undefined): Resolver {
  return (name) => lookUp(lookup, name, family ?? 0, family === undefined ? ADDRCONFIG : 0);
}

/** One question. A throw is its answer, only the first answer counts, and one address will do where all were asked for. */
function lookUp(
  lookup: LookupFunction,
  name: string,
  family: 0 | 4 | 6,
  hints: number,
): Observable<readonly ResolvedAddress[]> {
  return new Observable((subscriber) => {
    const answer: Parameters<LookupFunction>[2] = (error, found) => {
      if (error) return subscriber.error(networkError(error, 'resolve'));
      const all = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
      subscriber.next(all as readonly ResolvedAddress[]);
      subscriber.complete();
    };
    try {
      lookup(name, { family, hints, all: true }, answer);
    } catch (error) {
      subscriber.error(networkError(error, 'resolve'));
    }
  });
}

/** That one family has no address is normal: what else went wrong says more. */
function tellingOf(failures: readonly unknown[]): unknown {
  return failures.find((error) => (error as { code?: unknown }).code !== 'ENOTFOUND') ?? failures[0];
}
