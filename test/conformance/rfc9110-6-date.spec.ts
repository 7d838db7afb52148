import { describe, expect, it } from 'vitest';
import { ourServer } from './raw-peer.js';

const LAST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

describe('RFC 9110 §6.6.1, Date', () => {
  it.each([200, 204, 304, 404])('a %i response has one, in the IMF-fixdate format (§5.6.7)', async (status) => {
    const server = await ourServer(() => ({ status }));
    const dates = (await server.send(LAST)).match(/^date: .*$/gim);
    expect(dates).toHaveLength(1);
    expect(dates?.[0]).toMatch(/^date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/i);
  });

  it('a Date that the handler gives is kept', async () => {
    const server = await ourServer(() => ({ fields: { date: 'Sun, 06 Nov 1994 08:49:37 GMT' } }));
    expect((await server.send(LAST)).match(/^date: .*$/gim)).toEqual(['date: Sun, 06 Nov 1994 08:49:37 GMT']);
  });
});
