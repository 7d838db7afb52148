import { map, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { answering, NO_CONTENT, ourServer, outcome, rawServer, statusesIn } from './raw-peer.js';

const UPGRADE = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: tide/1\r\n';
const CLOSE = 'Connection: close\r\n';

describe('RFC 9110 §7.6.1, Connection', () => {
  it('options are case-insensitive', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: ClOsE\r\n\r\n'))).toEqual([200]);
  });

  it('a client lists the connection-specific fields it sends', async () => {
    const raw = await answering(NO_CONTENT);
    await outcome({ url: raw.url, upgrade: 'tide/1', transferCoding: true });
    expect(raw.received[0]).toMatch(/^connection: upgrade, te\r$/m);
  });
});

describe('RFC 9110 §7.8, Upgrade', () => {
  const tide = () =>
    ourServer(({ upgrade }) =>
      upgrade === ''
        ? { body: 'plain' }
        : {
            status: 101,
            fields: { upgrade },
            upgraded: (socket) => {
              socket.next(Buffer.from('ebb and flow'));
              socket.complete();
            },
          },
    );

  it('a server that switches says 101 and names the protocol, then speaks it', async () => {
    const server = await tide();
    const answer = await server.send(`${UPGRADE}\r\n`);
    expect(answer.startsWith('HTTP/1.1 101 ')).toBe(true);
    expect(answer.toLowerCase()).toContain('\r\nupgrade: tide/1\r\n');
    expect(answer.toLowerCase()).toMatch(/^connection: upgrade\r$/m);
    expect(answer.endsWith('\r\n\r\nebb and flow')).toBe(true);
  });

  it('a server ignores Upgrade in an HTTP/1.0 request', async () => {
    const server = await tide();
    expect(await server.send(`${UPGRADE.replace('1.1', '1.0')}\r\n`)).toContain('plain');
  });

  it('a server ignores Upgrade without the connection option', async () => {
    const server = await tide();
    expect(await server.send(`${UPGRADE.replace('Connection: upgrade', 'Connection: close')}\r\n`)).toContain('plain');
  });

  it('a server switches to nothing the client did not ask for', async () => {
    const server = await ourServer(() => ({ status: 101, fields: { upgrade: 'other' }, upgraded: () => of() }));
    const answer = await server.send(`GET / HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`);
    expect(statusesIn(answer)).toEqual([500]);
  });

  it('a server that refuses an upgrade does not parse what was sent ahead of its answer', async () => {
    const server = await ourServer();
    const answer = await server.send(`${UPGRADE}\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`);
    expect(statusesIn(answer)).toEqual([200]);
    expect(server.requests).toHaveLength(1);
  });

  it('with Expect, 100 comes before 101', async () => {
    const server = await ourServer(({ body, upgrade }) =>
      body.pipe(
        text(),
        map(() => ({ status: 101, fields: { upgrade }, upgraded: (socket) => socket.complete() })),
      ),
    );
    const head = UPGRADE.replace('GET', 'POST');
    const answer = await server.send(`${head}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`, 'abc');
    expect(statusesIn(answer)).toEqual([100, 101]);
  });

  it('a client that asks lists the option; after 101 it has the stream, unread bytes first', async () => {
    const raw = await answering(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: tide/1\r\nConnection: upgrade\r\n\r\nflow',
    );
    const { response } = await outcome({ url: raw.url, upgrade: 'tide/1' });
    expect(raw.received[0]).toMatch(/^upgrade: tide\/1\r$/m);
    expect(raw.received[0]).toMatch(/^connection: upgrade\r$/m);
    const first = await new Promise<string>((resolve) => {
      response?.upgraded?.subscribe({
        next: (chunk) => resolve(Buffer.from(chunk).toString()),
        error: () => undefined, // our own, below
      });
    });
    expect(first).toBe('flow');
    response?.upgraded?.error(new Error('the test is over'));
  });

  it('a client refuses 101 that it did not ask for', async () => {
    const raw = await answering('HTTP/1.1 101 Switching Protocols\r\nUpgrade: tide/1\r\nConnection: upgrade\r\n\r\n');
    expect((await outcome(raw.url)).code).toBe('UNEXPECTED_UPGRADE');
    await raw.ended();
  });

  it('a client sends nothing of the new protocol before the server has agreed', async () => {
    const raw = await rawServer(({ write, until }) => {
      void until('\r\n\r\n').then(() => write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'));
    });
    const { response, body } = await outcome({ url: raw.url, upgrade: 'tide/1' });
    expect([response?.upgraded, body]).toEqual([undefined, 'no']);
    expect(raw.received[0]?.endsWith('\r\n\r\n')).toBe(true);
  });
});

describe('RFC 9110 §7.4, misdirected requests', () => {
  it('the scheme of a request is that of its connection, whatever the target claims', async () => {
    const server = await ourServer();
    const answer = await server.send(`GET https://a/ HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n`);
    const [request] = server.requests;
    expect(request === undefined ? statusesIn(answer) : [request.scheme]).toEqual(
      request === undefined ? [421] : ['http'],
    );
  });
});
