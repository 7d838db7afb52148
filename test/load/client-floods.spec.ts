/**
 * Servers that mean harm, each asked by a client that asks a good server as well: the good one's answers come meanwhile, each request to
 * the other fails with a code, and the client is well afterwards.
 */
import { catchError, concatMap, lastValueFrom, map, merge, mergeMap, of, range, type Observable, toArray } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { text } from '../../operators/body/text.js';
import { isNetworkError, isProtocolError } from '../../operators/core/protocol-error.js';
import { createClient } from '../../src/client/create-client.js';
import { realServer } from '../src/server/real-server.js';
import { hostileServers, startHostile } from './hostile-servers.mjs';

const REQUESTS = 10;

describe('a client is answered by a good server while it asks one that means harm', () => {
  it.each(hostileServers.map((hostile) => [hostile.name, hostile] as const))(
    '%s',
    async (_, hostile) => {
      const good = await realServer(() => ({ body: 'ok' }));
      const bad = await startHostile(hostile);
      onTestFinished(() => bad.stop());
      const client = createClient();
      const lane = (url: string, version: '1.1' | '2'): Observable<string> =>
        range(0, REQUESTS).pipe(
          concatMap(() =>
            client.request({ url, version, timeout: 10_000 }).pipe(
              mergeMap((response) => of(response).pipe(text(), map((body) => `${response.status} ${body}`))), // prettier-ignore
              catchError((error: unknown) => of(isProtocolError(error) || isNetworkError(error) ? error.code : `${String(error)}`)), // prettier-ignore
            ),
          ),
        );
      const answers = lastValueFrom(merge(lane(good.url, '1.1'), lane(good.url, '2')).pipe(toArray()));
      const failures = lastValueFrom(lane(`http://127.0.0.1:${bad.port}`, hostile.version).pipe(toArray()));
      expect(await answers).toEqual(Array.from({ length: 2 * REQUESTS }, () => '200 ok'));
      expect(await failures).toEqual(Array.from({ length: REQUESTS }, () => hostile.code));
      expect(bad.asked()).toBeLessThanOrEqual(REQUESTS * (hostile.attempts ?? 1));
      expect(new Set(await lastValueFrom(lane(good.url, '2').pipe(toArray())))).toEqual(new Set(['200 ok']));
      await lastValueFrom(client.close(), { defaultValue: undefined });
    },
    30_000,
  );
});
