import { connect } from 'node:net';
import { delay, firstValueFrom, forkJoin, NEVER, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { answering, NO_CONTENT, ourClient, ourServer, outcome, rawServer, statusesIn } from './raw-peer.js';

const GET = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const CLOSE = 'Connection: close\r\n';
const OK = (body: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

describe('RFC 9112 §9.2, associating a response to a request', () => {
  it('responses belong to requests in the order these were sent, interim ones to the first of them', async () => {
    const raw = await rawServer(async ({ write, until }) => {
      await until('\r\n\r\n', 1);
      write(OK('zero'));
      await until('\r\n\r\n', 3);
      write(`HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n${OK('one')}${OK('two')}`);
    });
    const client = ourClient({ maxConnections: 1, pipelining: 2 });
    await outcome(raw.url, client);
    const bodies = await firstValueFrom(
      forkJoin(['1', '2'].map((path) => client.request(raw.url + path).pipe(text()))),
    );
    expect(bodies).toEqual(['one', 'two']);
    expect(raw.received).toHaveLength(1);
  });

  it('bytes on a connection without a request are no response: it closes', async () => {
    const raw = await rawServer(async ({ write, until }) => {
      await until('\r\n\r\n');
      write(OK('first'));
      setTimeout(() => write(OK('unasked')), 30);
    });
    const client = ourClient();
    expect((await outcome(raw.url, client)).body).toBe('first');
    await raw.ended();
    const { body } = await outcome(raw.url, client);
    expect(body).toBe('first');
  });
});

describe('RFC 9112 §9.3, persistence', () => {
  it('a server keeps an HTTP/1.1 connection, and an HTTP/1.0 one only where keep-alive was asked for', async () => {
    const server = await ourServer();
    expect(statusesIn(await server.send(GET('/1') + GET('/2', CLOSE)))).toEqual([200, 200]);
    expect(statusesIn(await server.send(`GET /1 HTTP/1.0\r\n\r\n${GET('/2', CLOSE)}`))).toEqual([200]);
    const kept = await server.send(`GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${GET('/2', CLOSE)}`);
    expect(statusesIn(kept)).toEqual([200, 200]);
    expect(kept.toLowerCase()).toContain('connection: keep-alive');
  });

  it('a client keeps an HTTP/1.1 connection, and an HTTP/1.0 one only where keep-alive was granted', async () => {
    for (const [answer, connections] of [
      [OK('a'), 1],
      [OK('a', CLOSE), 2],
      [OK('a').replace('1.1', '1.0'), 2],
      [OK('a', 'Connection: keep-alive\r\n').replace('1.1', '1.0'), 1],
    ] as const) {
      const raw = await answering(answer);
      const client = ourClient();
      await outcome(raw.url, client);
      await outcome(raw.url, client);
      expect(raw.received, answer).toHaveLength(connections);
    }
  });

  it('a server reads a request body to its end, or closes the connection after its response', async () => {
    const server = await ourServer(() => ({ body: 'not read' }));
    const small = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${GET('/2', CLOSE)}`;
    expect(statusesIn(await server.send(small))).toEqual([200, 200]);
    const large = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nabc`;
    expect(statusesIn(await server.send(large))).toEqual([200]);
  });

  it('a client uses a connection again only after the whole response body', async () => {
    const raw = await rawServer(async ({ write, until, index }) => {
      await until('\r\n\r\n');
      write(index === 0 ? 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc' : OK('other'));
    });
    const client = ourClient();
    const response = await firstValueFrom(client.request(raw.url));
    expect((await outcome(raw.url, client)).body).toBe('other');
    expect(raw.received).toHaveLength(2);
    response.body.subscribe({ error: () => undefined }).unsubscribe();
  });

  it('§9.3.2: a server answers pipelined requests in their order', async () => {
    const server = await ourServer(({ path }) => of({ body: `<${path}>` }).pipe(delay(path === '/1' ? 50 : 0)));
    const answer = await server.send(GET('/1') + GET('/2') + GET('/3', CLOSE));
    expect(answer.match(/<[^>]*>/g)).toEqual(['</1>', '</2>', '</3>']);
  });

  it('§9.3.2: requests that are sent again after a pipeline broke are not pipelined on a new connection at once', async () => {
    let beforeTheAnswer = '';
    const raw = await rawServer(async ({ socket, write, until, index }) => {
      await until('\r\n\r\n', 1);
      if (index > 0) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        beforeTheAnswer = raw.received[1] ?? '';
      }
      write(OK(String(index)));
      if (index > 0) return;
      await until('\r\n\r\n', 3);
      socket.destroy();
    });
    const client = ourClient({ maxConnections: 1, pipelining: 4, timeout: { head: 300 } });
    await outcome(raw.url, client);
    await Promise.all(['1', '2'].map((path) => outcome(raw.url + path, client)));
    expect(beforeTheAnswer.split('\r\n\r\n')).toHaveLength(2);
  });

  it('§9.3.2: a client pipelines nothing behind a method that is not idempotent', async () => {
    const raw = await rawServer(async ({ write, until }) => {
      for (let count = 1; ; count++) {
        await until('\r\n\r\n', count);
        setTimeout(() => write(OK(String(count))), 30);
      }
    });
    const client = ourClient({ maxConnections: 1, pipelining: 4 });
    const post = client.request({ url: raw.url, method: 'POST', body: '' }).pipe(text());
    const get = client.request(raw.url).pipe(text());
    const both = firstValueFrom(forkJoin([post, get]));
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(raw.received[0]).not.toContain('GET');
    expect(await both).toEqual(['1', '2']);
  });
});

describe('RFC 9112 §9.6, tear-down', () => {
  it('a client that sends close sends nothing more on that connection, and closes it after the response', async () => {
    const raw = await answering(OK('a'));
    const client = ourClient();
    await outcome({ url: raw.url, headers: { connection: 'close' } }, client);
    await outcome(raw.url, client);
    await raw.ended();
    expect(raw.received).toHaveLength(2);
  });

  it('a client that receives close sends nothing more on that connection, and closes it', async () => {
    const raw = await answering(OK('a', CLOSE));
    const client = ourClient();
    await outcome(raw.url, client);
    await raw.ended();
    await outcome(raw.url, client);
    expect(raw.received).toHaveLength(2);
  });

  it('a server that receives close says close, closes, and answers nothing that follows', async () => {
    const server = await ourServer();
    const answer = await server.send(GET('/1', CLOSE) + GET('/2'));
    expect(statusesIn(answer)).toEqual([200]);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(server.requests.map(({ path }) => path)).toEqual(['/1']);
  });

  it('a server that sends close closes, and answers nothing that follows', async () => {
    const server = await ourServer(() => ({ fields: { connection: 'close' }, body: 'last' }));
    expect(statusesIn(await server.send(GET('/1'), GET('/2')))).toEqual([200]);
    expect(server.requests.map(({ path }) => path)).toEqual(['/1']);
  });

  it('a server closes in stages: the response arrives although the client goes on sending', async () => {
    const server = await ourServer(() => ({ fields: { connection: 'close' }, body: 'read me' }));
    const upload = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n';
    const answer = await server.send(upload, 'x'.repeat(1_000_000), 'x'.repeat(1_000_000));
    expect(answer).toContain('read me');
  });

  it('a client whose server answers before it has the whole body stops sending and closes', async () => {
    const raw = await rawServer(async ({ write, until }) => {
      await until('\r\n\r\n');
      write(`HTTP/1.1 413 Content Too Large\r\n${CLOSE}Content-Length: 0\r\n\r\n`);
    });
    function* endless() {
      for (;;) yield new Uint8Array(65_536);
    }
    const { response } = await outcome({ url: raw.url, method: 'POST', body: endless() });
    expect(response?.status).toBe(413);
    await raw.ended();
  });
});

describe('RFC 9112 §9.5, failures and timeouts', () => {
  it('a client answers the end of the server with its own', async () => {
    const afterBody = await answering('HTTP/1.1 200 OK\r\n\r\nall of it', { end: true });
    expect((await outcome(afterBody.url)).body).toBe('all of it');
    await afterBody.ended();
    const whileIdle = await answering(OK('kept'), { end: true });
    expect((await outcome(whileIdle.url)).body).toBe('kept');
    await whileIdle.ended();
  });

  it('a server closes the connection of a client that has gone without waiting for its answer', async () => {
    const server = await ourServer(() => NEVER, { timeout: { halfClosed: 50 } });
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined).end(GET('/'));
    await new Promise((resolve) => socket.resume().on('close', resolve));
  });

  it('a client closes a connection that has been idle too long', async () => {
    const raw = await answering(NO_CONTENT);
    await outcome(raw.url, ourClient({ keepAlive: 50 }));
    await raw.ended();
  });

  it('a server closes a connection that has been idle too long', async () => {
    const server = await ourServer(undefined, { timeout: { idle: 50 } });
    expect(statusesIn(await server.send(GET('/')))).toEqual([200]);
  });
});
