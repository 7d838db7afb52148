import { describe, expect, it } from 'vitest';
import { answering, NO_CONTENT, ourClient, ourServer, outcome, rawServer, statusesIn } from './raw-peer.js';

const request = (line: string, more = 'Connection: close\r\n'): string =>
  `${line} HTTP/1.1\r\nHost: far.example:80\r\n${more}\r\n`;

describe('RFC 9110 §9.2.2, idempotent methods', () => {
  /** Answers the first request, then ends the connection when the second one comes, unanswered. */
  const forgetful = () =>
    rawServer(async ({ socket, write, until, index }) => {
      await until('\r\n\r\n', 1);
      write(NO_CONTENT);
      if (index > 0) return;
      await until('\r\n\r\n', 2);
      socket.destroy();
    });

  it('an idempotent request is sent again when the idle connection it was given has died', async () => {
    const raw = await forgetful();
    const client = ourClient();
    await outcome(raw.url, client);
    expect((await outcome({ url: raw.url, method: 'PUT', body: 'a' }, client)).response?.status).toBe(204);
    expect(raw.received).toHaveLength(2);
  });

  it('a request that is not idempotent is not sent again', async () => {
    const raw = await forgetful();
    const client = ourClient();
    await outcome(raw.url, client);
    expect((await outcome({ url: raw.url, method: 'POST', body: 'a' }, client)).response).toBeUndefined();
    expect(raw.received).toHaveLength(1);
  });
});

describe('RFC 9110 §9.3, method definitions', () => {
  it('§9.3.2: nothing follows the head of a response to HEAD', async () => {
    for (const body of ['known', ['un', 'known'].values()]) {
      const server = await ourServer(() => ({ body }));
      expect((await server.send(request('HEAD /'))).endsWith('\r\n\r\n')).toBe(true);
    }
  });

  it('§9.3.6: a server refuses a CONNECT without a port, or with one that is none', async () => {
    const server = await ourServer();
    for (const target of [
      'far.example',
      'far.example:',
      'far.example:x',
      'far.example:99999',
      '/',
      'http://far.example/',
    ]) {
      expect(statusesIn(await server.send(request(`CONNECT ${target}`))), target).toEqual([400]);
    }
    expect(server.requests).toEqual([]);
  });

  it('§9.3.6: a 2xx response to CONNECT has neither Content-Length nor Transfer-Encoding, and a tunnel follows', async () => {
    const server = await ourServer(() => ({
      status: 200,
      upgraded: (socket) => {
        socket.next(Buffer.from('tunnel'));
        socket.complete();
      },
    }));
    const answer = await server.send(request('CONNECT far.example:80', ''));
    expect(answer.toLowerCase()).not.toMatch(/content-length|transfer-encoding/);
    expect(answer.endsWith('\r\n\r\ntunnel')).toBe(true);
  });

  it('§9.3.6: a client sends no body with CONNECT, and nothing before it was accepted', async () => {
    const raw = await answering('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const connect = { url: raw.url, method: 'CONNECT', target: 'far.example:80' };
    expect((await outcome({ ...connect, body: 'early' })).code).toBe('BODY_NOT_ALLOWED');
    expect((await outcome(connect)).response?.status).toBe(403);
    expect(raw.received[0]?.endsWith('\r\n\r\n')).toBe(true);
  });

  it('§9.3.6: what follows a CONNECT that is refused is not parsed as a request', async () => {
    const server = await ourServer(() => ({ status: 403 }));
    const answer = await server.send(`${request('CONNECT far.example:80', '')}${request('GET /smuggled')}`);
    expect(statusesIn(answer)).toEqual([403]);
    expect(server.requests).toHaveLength(1);
  });

  it('§9.3.8: a client sends no content with TRACE', async () => {
    const raw = await answering(NO_CONTENT);
    expect((await outcome({ url: raw.url, method: 'TRACE', body: 'a' })).code).toBe('INVALID_BODY');
    expect(raw.received).toEqual([]);
  });
});
