import { firstValueFrom, lastValueFrom, map, mergeMap, range, switchMap, toArray } from 'rxjs';
import { expect } from 'vitest';
import { bytes } from '../../operators/body/bytes.js';
import { createClient } from '../../src/client/create-client.js';
import type { ClientConfig } from '../../src/client/request-config.js';

/** What `/big` answers with; `/small` answers `small`. */
export const big = Buffer.alloc(3_000_000, '0123456789');

/** A small answer, a big one, and 50 at a time, all over HTTP/2. @param pinned without it the client is to find out */
export async function exercise(base: string, config: ClientConfig = {}, pinned = true): Promise<void> {
  const client = createClient(config);
  const ask = (path: string): Promise<Buffer> =>
    firstValueFrom(
      client.request({ url: base + path, ...(pinned && { version: '2' as const }) }).pipe(
        switchMap((response) => {
          expect(response.version).toBe('2');
          return response.body.pipe(bytes());
        }),
        map((all) => Buffer.from(all)),
      ),
    );
  expect((await ask('/small')).toString()).toBe('small');
  expect((await ask('/big')).equals(big)).toBe(true);
  const many = await lastValueFrom(
    range(50).pipe(
      mergeMap((i) => ask(i % 10 === 0 ? '/big' : '/small')),
      toArray(),
    ),
  );
  expect(many.reduce((sum, { length }) => sum + length, 0)).toBe(5 * big.length + 45 * 5);
  await lastValueFrom(client.close(), { defaultValue: undefined });
}
