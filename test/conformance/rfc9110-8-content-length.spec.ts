import { describe, expect, it } from 'vitest';
import { answering, NO_CONTENT, ourClient, ourServer, outcome, statusesIn } from './raw-peer.js';

const request = (method: string): string => `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;

describe('RFC 9110 §8.6, Content-Length', () => {
  it('a client sends Content-Length: 0 with methods that expect content, where there is none', async () => {
    const raw = await answering(NO_CONTENT);
    const client = ourClient();
    await outcome({ url: raw.url, method: 'POST' }, client);
    await outcome({ url: raw.url, method: 'GET' }, client);
    const [post, get] = raw.received[0]?.split(/(?=GET )/) ?? [];
    expect(post).toContain('content-length: 0\r\n');
    expect(get).not.toContain('content-length');
  });

  it('a response to HEAD has the Content-Length that GET would have had', async () => {
    const server = await ourServer(() => ({ body: 'twelve bytes' }));
    expect(await server.send(request('HEAD'))).toMatch(/^content-length: 12\r$/im);
    expect(await server.send(request('GET'))).toMatch(/^content-length: 12\r$/im);
  });

  it.each([204, 304])('no Content-Length is made up for %i', async (status) => {
    const server = await ourServer(() => ({ status }));
    expect((await server.send(request('GET'))).toLowerCase()).not.toContain('content-length');
  });

  it('a Content-Length on 204 is refused', async () => {
    const server = await ourServer(() => ({ status: 204, fields: { 'content-length': '1' } }));
    expect(statusesIn(await server.send(request('GET')))).toEqual([500]);
    // Many a server sends 0: what is passed on from there goes without.
    const passing = await ourServer(() => ({ status: 204, fields: { 'content-length': '0' } }));
    const answer = await passing.send(request('GET'));
    expect(statusesIn(answer)).toEqual([204]);
    expect(answer).not.toContain('content-length');
  });

  it('a body that is longer or shorter than its Content-Length is not sent as if it were right', async () => {
    const raw = await answering(NO_CONTENT);
    const wrong = { url: raw.url, method: 'POST', headers: { 'content-length': '3' } };
    expect((await outcome({ ...wrong, body: 'four' })).code).toBe('CONFLICTING_LENGTH');
    expect((await outcome({ ...wrong, body: ['fo', 'ur'].values() })).code).toBe('CONTENT_LENGTH_EXCEEDED');
    expect((await outcome({ ...wrong, body: ['fo'].values() })).code).toBe('CONTENT_LENGTH_SHORT');
  });

  it('a response body that differs from its Content-Length is a cut connection, not a whole response', async () => {
    const server = await ourServer(() => ({ fields: { 'content-length': '3' }, body: ['fo'].values() }));
    const answer = await server.send(request('GET'));
    expect(answer.endsWith('\r\n\r\nfo') || statusesIn(answer)[0] === 500 || answer === '').toBe(true);
  });
});
