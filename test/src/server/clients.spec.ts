import { once } from 'node:events';
import { Agent, request as nodeRequest, type IncomingMessage } from 'node:http';
import { request as nodeHttpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  concatMap,
  delay,
  firstValueFrom,
  from,
  map,
  of,
  reduce,
  Subject,
  timer,
  toArray,
  type ObservableInput,
} from 'rxjs';
import { Agent as UndiciAgent, request as undiciRequest } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holdMap } from '../../../operators/core/hold-map.js';
import type { TlsInfo } from '../../../src/sockets/byte-duplex.js';
import { certificates } from '../../support/certificates.js';
import { eventually, realServer } from './real-server.js';
import { get } from './world.js';

describe('node:http', () => {
  it('keeps the connection, sends and receives bodies and trailers', async () => {
    const { url, server } = await realServer(({ body, method, trailers }) =>
      method === 'GET'
        ? { body: 'plain', fields: { 'x-a': 'b' } }
        : body.pipe(
            reduce((all, chunk) => all + Buffer.from(chunk).toString(), ''),
            concatMap((all) =>
              trailers.pipe(map((fields) => ({ body: [all, fields.get('x-t') ?? ''], trailers: { 'x-back': 'yes' } }))),
            ),
          ),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    let most = 0;
    server.connections$.subscribe((count) => (most = Math.max(most, count)));
    for (let i = 0; i < 3; i++) {
      const outgoing = nodeRequest(url, { agent }).end();
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      expect(response.headers).toMatchObject({ 'x-a': 'b', 'content-length': '5' });
      expect(await text(response)).toBe('plain');
    }
    const outgoing = nodeRequest(url, { agent, method: 'POST', headers: { trailer: 'x-t' } });
    outgoing.write('one ');
    outgoing.addTrailers({ 'x-t': 'three' });
    outgoing.end('two');
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('one twothree');
    expect(response.trailers).toEqual({ 'x-back': 'yes' });
    expect(most).toBe(1);
  });

  it('waits for 100 Continue', async () => {
    const { url } = await realServer(({ body }) => ({ body }));
    const outgoing = nodeRequest(url, { method: 'POST', headers: { expect: '100-continue', 'content-length': '5' } });
    const responded = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    outgoing.flushHeaders();
    await once(outgoing, 'continue');
    outgoing.end('hello');
    const [response] = await responded;
    expect(await text(response)).toBe('hello');
  });

  it('takes early hints', async () => {
    const { url } = await realServer(() => of({ status: 103, fields: { link: '</a>' } }, { body: 'x' }));
    const outgoing = nodeRequest(url).end();
    const responded = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    const [hints] = (await once(outgoing, 'information')) as [{ statusCode: number; headers: object }];
    expect(hints).toMatchObject({ statusCode: 103, headers: { link: '</a>' } });
    const [response] = await responded;
    expect(await text(response)).toBe('x');
  });
});

describe('undici', () => {
  it('64 requests at a time over few connections', async () => {
    const { url } = await realServer(({ path }) => of({ body: path }).pipe(delay(2)));
    const dispatcher = new UndiciAgent({ connections: 8, pipelining: 4 });
    onTestFinished(() => dispatcher.destroy());
    const bodies = await Promise.all(
      Array.from({ length: 64 }, async (_, i) => {
        const { body } = await undiciRequest(`${url}/${i}`, { dispatcher });
        return body.text();
      }),
    );
    expect(bodies).toEqual(Array.from({ length: 64 }, (_, i) => `/${i}`));
  });

  it('an upload that the handler holds stops the client', async () => {
    let received = 0;
    const held = new Subject<void>();
    const { url, server } = await realServer(({ body }) =>
      body.pipe(
        holdMap((chunk): ObservableInput<unknown> => {
          received += chunk.length;
          return received > 100_000 ? held : of(0);
        }),
        reduce(() => ({ status: 200 }), {}),
      ),
    );
    let sent = 0;
    const size = 64 * 1024 * 1024;
    function* upload(): Generator<Uint8Array> {
      for (; sent < size; sent += 65_536) yield Buffer.alloc(65_536);
    }
    const response = undiciRequest(url, { method: 'POST', body: upload() as never });
    await eventually(() => received > 100_000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stats = await firstValueFrom(server.stats$);
    expect(stats.heldBytes).toBeLessThan(400_000);
    expect(stats.waitingFor.consumer.count).toBe(1);
    expect(sent).toBeLessThan(size / 2);
    received = -Infinity; // from here on, nothing is held
    held.complete();
    expect((await response).statusCode).toBe(200);
  });
});

describe('trap 14: transfer coding', () => {
  it('is really gzip, flushed chunk by chunk', async () => {
    const { raw } = await realServer(() => ({
      body: from(['one', 'two', 'three']).pipe(concatMap((part) => timer(10).pipe(map(() => part)))),
    }));
    const client = raw().send(get('/', 'te: deflate;q=0, gzip', 'connection: te, close'));
    const received = await client.closed;
    expect(received).toContain('transfer-encoding: gzip, chunked\r\n');
    const coded = dechunk(received.slice(received.indexOf('\r\n\r\n') + 4));
    expect(coded.subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    expect(gunzipSync(coded).toString()).toBe('onetwothree');
  });

  it('a coded request body is inflated for the handler', async () => {
    const { raw } = await realServer(({ body }) =>
      body.pipe(
        toArray(),
        map((chunks) => ({ body: Buffer.concat(chunks) })),
      ),
    );
    const gzip = gzipSync('hello').toString('latin1');
    const client = raw().send(
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n' +
        `${gzip.length.toString(16)}\r\n${gzip}\r\n0\r\n\r\n`,
    );
    await client.until('hello');
  });
});

describe('TLS', () => {
  it('facts of the handshake and of the client certificate', async () => {
    const { ca, server: own, client } = certificates();
    const seen: (TlsInfo | undefined)[] = [];
    const { url, port } = await realServer(
      ({ tls, scheme, url: asked }) => {
        seen.push(tls);
        return { body: `${scheme} ${asked.href} ${String(tls?.peerCertificate()?.subject.CN)}` };
      },
      { tls: { ...own, ca, requestCert: true } },
    );
    const outgoing = nodeHttpsRequest(url, { ca, ...client, servername: 'localhost', agent: false }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe(`https https://127.0.0.1:${port}/ a test client`);
    expect(seen).toMatchObject([{ authorized: true, servername: 'localhost' }]);
  });

  it('trap 19: a client that refuses the certificate leaves the server running', async () => {
    const { ca, server: own } = certificates();
    const { url, events } = await realServer(() => ({ body: 'x' }), { tls: own });
    const refused = nodeHttpsRequest(url, { agent: false }).end();
    await once(refused, 'error');
    await eventually(() => events.some(({ type }) => type === 'listener-error' || type === 'connection-error'));
    const outgoing = nodeHttpsRequest(url, { ca, agent: false }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('x');
  });

  it('ALPN of a server of HTTP/1: http/1.1 is chosen, a client of something else is refused', async () => {
    const { ca, server: own } = certificates();
    const { url } = await realServer(({ tls }) => ({ body: tls?.alpnProtocol ?? 'none' }), {
      tls: own,
      version: '1.1',
    });
    const outgoing = nodeHttpsRequest(url, { ca, agent: false, ...offering('h2', 'http/1.1') }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('http/1.1');
    const other = nodeHttpsRequest(url, { ca, agent: false, ...offering('h2') }).end();
    const [error] = (await once(other, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('EPROTO');
  });
});

/** An option of `tls.connect`, which `https.request` passes on. */
function offering(...ALPNProtocols: string[]): object {
  return { ALPNProtocols };
}

function dechunk(chunked: string): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = chunked.indexOf('\r\n', at);
    const size = parseInt(chunked.slice(at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(Buffer.from(chunked.slice(end + 2, end + 2 + size), 'latin1'));
    at = end + 4 + size;
  }
}
