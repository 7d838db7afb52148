import { describe, expect, it } from 'vitest';
import type { Http1Stream } from '../../../operators/http1/http1-stream.js';
import type { OutboundEvent } from '../../../operators/http1/outbound-event.js';
import { acceptHttp1 } from '../../../src/server/accept.js';
import type { SocketInfo } from '../../../src/sockets/byte-duplex.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { data, END, serverScene } from '../../support/http1-scenes.js';
import { bytes, lineOf, textOf, thrownBy } from '../../support/http1-streams.js';
import { runMarbles } from '../../support/marbles.js';

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
const OK: OutboundEvent = { type: 'response', status: 200, fields: { 'content-length': '2' } };
function one(streams: Http1Stream<SocketInfo>[]): Http1Stream<SocketInfo> {
  expect(streams).toHaveLength(1);
  return streams[0] as Http1Stream<SocketInfo>;
}

describe('the connection', () => {
  it('tells when it is idle', () => {
    serverScene(({ connection, streams, say, flush }) => {
      let idle = 0;
      connection.idle$.subscribe(() => idle++);
      say(GET);
      expect(idle).toBe(0);
      one(streams).next({ type: 'response', status: 204 });
      one(streams).next(END);
      flush();
      expect(idle).toBe(1);
      say(GET.slice(0, 5));
      say(GET.slice(5));
      streams[1]?.next({ type: 'response', status: 204 });
      flush();
      expect(idle).toBe(2);
    });
  });

  it('ends its streams when the client does', () => {
    serverScene(({ connection, peer, flush }) => {
      const closed: unknown[] = [];
      connection.closed$.subscribe((end) => closed.push(end));
      peer.complete();
      flush();
      expect(closed).toEqual([{ error: undefined }]);
      expect(connection.state).toBe('closed');
    });
  });

  it('close finishes what was begun', () => {
    serverScene(({ connection, streams, got, say, flush }) => {
      say(GET);
      connection.close();
      expect(connection.state).toBe('closing');
      one(streams).next({ type: 'response', status: 204 });
      one(streams).complete();
      flush();
      expect(got.text).toMatch(/connection: close\r\n\r\n\|$/);
    });
  });

  it('leaving the streams is closing', () => {
    runMarbles(({ scheduler, flush }) => {
      const [peer, socket] = memoryPair({ scheduler });
      const got = textOf(peer);
      const streams: Http1Stream[] = [];
      const subscription = acceptHttp1(socket).streams$.subscribe((stream) => {
        streams.push(stream);
        subscription.unsubscribe();
      });
      peer.next(bytes(GET + GET));
      flush();
      for (const event of [OK, data('ok'), END]) one(streams as never).next(event);
      flush();
      expect(streams).toHaveLength(1);
      expect(got.text).toMatch(/connection: close\r\n\r\nok\|$/);
    });
  });

  it('abort cuts everything', () => {
    serverScene(({ connection, lines, got, say, flush }) => {
      say(POST);
      connection.abort(Object.assign(new Error('mine'), { code: 'EMINE' }));
      flush();
      expect(lines[0]).toEqual(['request POST /', '# EMINE']);
      expect(got.text).toContain('# ECONNRESET');
    });
  });

  it('reads nothing before somebody wants streams', () => {
    runMarbles(({ scheduler, flush }) => {
      const [peer, socket] = memoryPair({ scheduler });
      const connection = acceptHttp1(socket);
      peer.next(bytes(GET));
      flush();
      const raw = connection.takeSocket();
      let text = '';
      raw.subscribe((chunk) => (text += Buffer.from(chunk).toString()));
      flush();
      expect(text).toBe(GET);
      connection.streams$.subscribe({ complete: () => (text += '|') });
      expect(text).toBe(`${GET}|`);
    });
  });
});

describe('shutdown', () => {
  it('of writing drops what is not answered', () => {
    serverScene(({ connection, streams, lines, got, say, flush }) => {
      say(POST);
      connection.shutdown('write');
      flush();
      expect(lines[0]).toEqual(['request POST /', '# CONNECTION_CLOSED']);
      expect(got.text).toBe('|');
      one(streams).next(OK); // dropped
    });
  });

  it('of reading lets what has come be answered', () => {
    serverScene(({ connection, streams, lines, got, say, flush }) => {
      say(`${GET}${POST}2\r\nab\r\n`);
      connection.shutdown('read');
      expect(lines[1]).toEqual(['request POST /', 'data "ab"', '# CONNECTION_CLOSED']);
      for (const stream of streams) for (const event of [OK, data('ok'), END]) stream.next(event);
      flush();
      expect(got.text).toMatch(/ok.*connection: close\r\n\r\nok\|$/s);
    });
  });

  it('of reading with nothing to answer ends the connection', () => {
    serverScene(({ connection, got, flush }) => {
      connection.shutdown('read');
      flush();
      expect(got.text).toBe('|');
    });
  });
});

describe('leaving HTTP', () => {
  const ASK = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';
  const SWITCH: OutboundEvent = { type: 'response', status: 101, fields: { connection: 'upgrade', upgrade: 'x' } };

  it('goes on in the stream, with what was read too far in the event', () => {
    serverScene(({ connection, streams, lines, peer, got, say, flush }) => {
      say(`${ASK}early`);
      expect(lines[0]).toEqual(['request GET /', 'end']);
      one(streams).next(SWITCH);
      one(streams).next({ type: 'upgrade', leftover: bytes('one ') });
      one(streams).next(data('two'));
      say('later');
      expect(one(streams).sending).toBe('SWITCHED');
      expect(connection.state).toBe('detached');
      one(streams).complete();
      peer.complete();
      flush();
      expect(lines[0]).toEqual(['request GET /', 'end', 'upgrade "early"', 'data "later"', '|']);
      expect(got.text).toBe('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\none two|');
    });
  });

  it('hands the socket over, leftover included, to who takes it then', () => {
    serverScene(
      ({ connection, streams, got, say, flush }) => {
        say(`${ASK}early`);
        const lines: string[] = [];
        let text = '';
        one(streams).subscribe({
          next: (event) => {
            lines.push(lineOf(event));
            if (event.type !== 'upgrade') return;
            const socket = connection.takeSocket();
            socket.subscribe((chunk) => (text += Buffer.from(chunk).toString()));
            socket.next(bytes('hello'));
          },
          complete: () => lines.push('|'),
        });
        one(streams).next(SWITCH);
        say(' later');
        flush();
        expect(lines).toEqual(['request GET /', 'end', 'upgrade "early"', '|']);
        expect(text).toBe('early later');
        expect(got.text).toMatch(/hello$/);
        expect(thrownBy(() => connection.takeSocket())).toBe('SOCKET_TAKEN');
      },
      { read: false },
    );
  });

  it('is refused by any other answer, the last one', () => {
    serverScene(({ streams, lines, got, say, flush }) => {
      say(ASK);
      for (const event of [OK, data('ok'), END]) one(streams).next(event);
      flush();
      expect(lines[0]).toEqual(['request GET /', 'end', '|']);
      expect(got.text).toMatch(/connection: close\r\n\r\nok\|$/);
    });
  });

  it('needs the request to be read', () => {
    serverScene(({ streams, lines, say }) => {
      say(ASK.replace('\r\n\r\n', '\r\ncontent-length: 2\r\n\r\n'));
      expect(thrownBy(() => one(streams).next(SWITCH))).toBe('REQUEST_NOT_READ');
      say('ab!');
      one(streams).next(SWITCH);
      expect(lines[0]).toEqual(['request GET /', 'data "ab"', 'end', 'upgrade "!"']);
    });
  });

  it('a CONNECT, waiting its turn', () => {
    serverScene(({ streams, lines, got, say, flush }) => {
      say(`${GET}CONNECT b:443 HTTP/1.1\r\nhost: b:443\r\n\r\n`);
      streams[1]?.next({ type: 'response', status: 200 });
      streams[1]?.next(data('tunnel'));
      streams[1]?.complete();
      expect(lines[1]).toEqual(['request CONNECT b:443', 'end']);
      for (const event of [OK, data('ok'), END]) streams[0]?.next(event);
      flush();
      say('tls');
      expect(lines[1]).toEqual(['request CONNECT b:443', 'end', 'upgrade ""', 'data "tls"']);
      expect(got.text).toMatch(/okHTTP\/1.1 200 OK\r\n\r\ntunnel\|$/);
    });
  });

  it('any time by taking the socket', () => {
    serverScene(({ connection, lines, got, peer, say, flush }) => {
      say(`${GET}${POST}`);
      peer.next(bytes('2\r\nab'));
      const socket = connection.takeSocket();
      let text = '';
      socket.subscribe({ next: (chunk) => (text += Buffer.from(chunk).toString()), complete: () => (text += '|') });
      socket.next(bytes('raw'));
      peer.complete();
      flush();
      expect(lines.map((all) => all.at(-1))).toEqual(['|', '# SOCKET_TAKEN']);
      expect([text, got.text]).toEqual(['2\r\nab|', 'raw']);
      expect(thrownBy(() => connection.takeSocket())).toBe('SOCKET_TAKEN');
    });
  });
});
