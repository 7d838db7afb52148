import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Observable, of } from 'rxjs';
import { NetworkError } from '../../operators/core/protocol-error.js';
import { networkError } from './network-error.js';
import { guardLookup } from './open-socket.js';
import { bareHost } from './socket-info.js';

/**
 * The address of a name, for a proxy that is to be given addresses only; an address is its own. Cold. Fails with `NetworkError` of
 * phase `resolve`.
 */
export function resolveName(host: string, lookup: LookupFunction = systemLookup, family?: 4 | 6): Observable<string> {
  const name = bareHost(host);
  if (isIP(name) !== 0) return of(name);
  return new Observable((subscriber) => {
    guardLookup(lookup)(name, { family: family ?? 0, all: false }, (error, found) => {
      if (error) return subscriber.error(networkError(error, 'resolve'));
      const address = typeof found === 'string' ? found : found[0]?.address;
      if (address === undefined || isIP(address) === 0) {
        return subscriber.error(new NetworkError('ENOTFOUND', 'resolve', `no address for ${name}`));
      }
      subscriber.next(address);
      subscriber.complete();
    });
  });
}
