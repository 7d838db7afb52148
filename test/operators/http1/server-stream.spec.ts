import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { isProtocolError } from '../../../operators/core/protocol-error.js';
import type { Http1Stream } from '../../../operators/http1/http1-stream.js';
import type { OutboundEvent } from '../../../operators/http1/outbound-event.js';
import { acceptHttp1 } from '../../../src/server/accept.js';
import type { SocketInfo } from '../../../src/sockets/byte-duplex.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { data, END, serverScene } from '../../support/http1-scenes.js';
import { bytes, codeOf, lineOf, linesOf, thrownBy } from '../../support/http1-streams.js';
import { runMarbles } from '../../support/marbles.js';

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
const OK: OutboundEvent = { type: 'response', status: 200, fields: { 'content-length': '2' } };
const CHUNKED: OutboundEvent = { type: 'response', status: 200 };
function one(streams: Http1Stream<SocketInfo>[]): Http1Stream<SocketInfo> {
  expect(streams).toHaveLength(1);
  return streams[0] as Http1Stream<SocketInfo>;
}

describe('a request', () => {
  it('is a head, data with extensions, and an end with trailers', () => {
    serverScene(({ lines, say }) => {
      say(`${POST}3;x="1 2"\r\nabc\r\n`);
      say('0\r\nx-sum: 1\r\n\r\n');
      expect(lines).toEqual([['request POST /', 'data;x="1 2" "abc"', 'end x-sum: 1', '|']]);
    });
  });

  it('says how long its body is', () => {
    serverScene(({ connection, say }) => {
      const lengths: unknown[] = [];
      connection.events$.subscribe(({ event }) => event.type === 'request' && lengths.push(event.bodyLength));
      say(`${GET}${GET.replace('\r\n\r\n', '\r\ncontent-length: 0\r\n\r\n')}`);
      say(`${POST.replace('transfer-encoding: chunked', 'content-length: 2')}ok`);
      say(POST);
      expect(lengths).toEqual([null, 0, 2, undefined]);
    });
  });

  it('nobody reads to its end is dropped, up to a bound', () => {
    serverScene(
      ({ streams, got, say, flush }) => {
        say(`${POST}2\r\nab\r\n`);
        const subscription = one(streams).subscribe();
        subscription.unsubscribe();
        say('2\r\ncd\r\n0\r\n\r\n');
        one(streams).next(OK);
        one(streams).next(data('ok'));
        one(streams).next(END);
        flush();
        expect(got.text).toMatch(/ok$/);
        say(GET);
        expect(streams).toHaveLength(2);
      },
      { read: false },
    );
  });

  it('is answered although nobody reads it', () => {
    serverScene(
      ({ streams, got, say }) => {
        say(GET);
        say(`${POST}2\r\nab\r\n`);
        for (const stream of streams) {
          stream.next(OK);
          stream.next(data('ok'));
          stream.next(END);
        }
        say('2\r\ncd\r\n0\r\n\r\n');
        say(GET);
        expect(streams).toHaveLength(3);
        expect(got.text.match(/200 OK/g)).toHaveLength(2);
        expect(linesOf(streams[0] as Http1Stream)).toEqual(['request GET /', 'end', '|']);
      },
      { read: false },
    );
  });

  it('is read to its end even after the answer, if somebody does', () => {
    serverScene(({ streams, lines, say }) => {
      say(POST);
      one(streams).next({ type: 'response', status: 204 });
      one(streams).next(END);
      say('2\r\nab\r\n0\r\n\r\n');
      expect(lines[0]).toEqual(['request POST /', 'data "ab"', 'end', '|']);
      say(GET);
      expect(streams).toHaveLength(2);
    });
  });
});

describe('a response', () => {
  it('leaves as it is given: no Date, nothing added but what the framing needs', () => {
    serverScene(({ streams, got, say, flush }) => {
      say(GET);
      one(streams).next({ type: 'informational', status: 103, fields: { link: '</a>' } });
      one(streams).next({ ...CHUNKED, reason: 'Fine' } as OutboundEvent);
      one(streams).next(data('hello', 'a=b'));
      one(streams).next({ type: 'end', trailers: { 'x-sum': '1' } });
      flush();
      expect(got.text).toBe(
        'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' +
          'HTTP/1.1 200 Fine\r\ntransfer-encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n',
      );
    });
  });

  it('to HTTP/1.0 ends with the connection, and says whether it stays', () => {
    serverScene(({ streams, got, say, flush }) => {
      say('GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n');
      expect(thrownBy(() => one(streams).next({ type: 'informational', status: 100 }))).toBe(
        'INFORMATIONAL_NOT_ALLOWED',
      );
      one(streams).next(OK);
      one(streams).next(data('ok'));
      one(streams).next(END);
      flush();
      expect(got.text).toContain('connection: keep-alive');
      say('GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n');
      streams[1]?.next(CHUNKED);
      streams[1]?.next(data('all'));
      streams[1]?.next(END);
      flush();
      expect(got.text).toMatch(/connection: close\r\n\r\nall\|$/);
    });
  });

  it('to HEAD, and 304, leave their bodies out', () => {
    serverScene(({ streams, got, say, flush }) => {
      say(GET.replace('GET', 'HEAD') + GET);
      for (const [i, status] of [200, 304].entries()) {
        streams[i]?.next({ type: 'response', status, fields: { 'content-length': '2' } });
        streams[i]?.next(data('no'));
        streams[i]?.next(END);
      }
      flush();
      expect(got.text).not.toContain('no');
    });
  });

  it('with connection: close is the last', () => {
    serverScene(({ connection, streams, got, peer, say, flush }) => {
      say(GET);
      one(streams).next({ type: 'response', status: 204, fields: { connection: 'close' } });
      expect(one(streams).sending).toBe('SEND_LAST_BODY');
      one(streams).complete();
      expect(one(streams).sending).toBe('MUST_CLOSE');
      flush();
      expect(got.text).toMatch(/\|$/);
      expect(connection.state).toBe('closing');
      peer.complete();
      flush();
      expect(connection.state).toBe('closed');
    });
  });

  it('waits its turn, and holds who sends it', () => {
    serverScene(({ streams, got, say, flush }) => {
      say(GET + GET);
      const [first, second] = streams as [Http1Stream, Http1Stream];
      let gone = 0;
      for (const event of [OK, data('22'), END]) deliver(second, event, () => gone++);
      flush();
      expect([got.text, gone]).toEqual(['', 0]);
      for (const event of [OK, data('11'), END]) first.next(event);
      flush();
      expect(gone).toBe(3);
      expect(got.text).toMatch(/11HTTP.*22$/s);
    });
  });

  it('is held while the client takes nothing', () => {
    runMarbles(({ scheduler, flush }) => {
      const [peer, socket] = memoryPair({ scheduler, highWaterMark: 100 });
      let stream!: Http1Stream;
      acceptHttp1(socket).streams$.subscribe((each) => (stream = each));
      peer.next(bytes(GET));
      flush();
      let gone = 0;
      stream.next(CHUNKED);
      for (let i = 0; i < 4; i++) deliver(stream, data('x'.repeat(50)), () => gone++);
      flush();
      expect(gone).toBeLessThan(2);
      peer.subscribe();
      flush();
      expect(gone).toBe(4);
    });
  });
});

describe('order', () => {
  const cases: readonly (readonly [string, readonly OutboundEvent[], string])[] = [
    ['body before head', [data('a')], 'ILLEGAL_EVENT'],
    ['body after an interim head', [{ type: 'informational', status: 103 }, data('a')], 'ILLEGAL_EVENT'],
    ['second head', [OK, OK], 'ILLEGAL_EVENT'],
    ['an interim head behind a final one', [OK, { type: 'informational', status: 103 }], 'ILLEGAL_EVENT'],
    ['data after the end', [CHUNKED, END, data('a')], 'ILLEGAL_EVENT'],
    ['a request from a server', [{ type: 'request', method: 'GET', target: '/' }], 'ILLEGAL_EVENT'],
    ['upgrade without one', [OK, { type: 'upgrade' }], 'ILLEGAL_EVENT'],
    ['101 unasked', [{ type: 'response', status: 101 }], 'UPGRADE_NOT_ASKED'],
    ['an interim status as final', [{ type: 'response', status: 103 }], 'INVALID_STATUS'],
    ['a final status as interim', [{ type: 'informational', status: 200 }], 'INVALID_STATUS'],
    ['101 as interim', [{ type: 'informational', status: 101 }], 'INVALID_STATUS'],
    ['a length on 204', [{ type: 'response', status: 204, fields: { 'content-length': '1' } }], 'BODY_NOT_ALLOWED'],
    ['more than Content-Length', [OK, data('abc')], 'CONTENT_LENGTH_EXCEEDED'],
    ['less than Content-Length', [OK, END], 'CONTENT_LENGTH_SHORT'],
  ];

  it.each(cases)('%s', (_, events, code) => {
    serverScene(({ streams, got, say, flush }) => {
      say(GET);
      const stream = one(streams);
      for (const event of events.slice(0, -1)) stream.next(event);
      flush();
      const [text, state] = [got.text, stream.sending];
      expect(thrownBy(() => stream.next(events.at(-1) as OutboundEvent))).toBe(code);
      flush();
      expect([got.text, stream.sending]).toEqual([text, state]);
    });
  });

  it('complete without a response ends the connection', () => {
    serverScene(({ connection, streams, got, say, flush }) => {
      say(GET);
      const closed: unknown[] = [];
      connection.closed$.subscribe(({ error }) => closed.push(codeOf(error)));
      one(streams).complete();
      flush();
      expect(closed).toEqual(['ILLEGAL_EVENT']);
      expect(got.text).toMatch(/[|#]/);
    });
  });

  it('a response that waits and turns out wrong ends the connection', () => {
    serverScene(({ connection, streams, say, flush }) => {
      say(GET + GET);
      const [first, second] = streams as [Http1Stream, Http1Stream];
      for (const event of [OK, data('too long'), END]) second.next(event);
      for (const event of [OK, data('ok'), END]) first.next(event);
      flush();
      expect(connection.state).toBe('closed');
    });
  });
});

describe('100 Continue', () => {
  const EXPECT = POST.replace('\r\n\r\n', '\r\nexpect: 100-continue\r\n\r\n');

  it('does not come by itself, and is sent by hand', () => {
    serverScene(({ connection, streams, got, say, flush }) => {
      say(EXPECT);
      expect(got.text).toBe('');
      one(streams).next({ type: 'informational', status: 100 });
      flush();
      expect(got.text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      say('0\r\n\r\n');
      one(streams).next({ type: 'response', status: 204 });
      one(streams).next(END);
      flush();
      expect(got.text).not.toContain('close');
      expect(connection.state).toBe('open');
    });
  });

  it('left out makes the answer the last one', () => {
    serverScene(({ connection, streams, got, peer, say, flush }) => {
      say(EXPECT);
      one(streams).next({ type: 'response', status: 413 });
      one(streams).next(END);
      flush();
      expect(got.text).toContain('connection: close');
      peer.complete();
      flush();
      expect(connection.state).toBe('closed');
    });
  });
});

describe('a request that breaks a rule', () => {
  it('before its head is whole is a stream that fails, to be answered', () => {
    serverScene(
      ({ connection, streams, got, say, flush }) => {
        const statuses: number[] = [];
        connection.streams$.subscribe({ error: (error: unknown) => expect(codeOf(error)).toBe('ALREADY_SUBSCRIBED') });
        say('GET / HTTP/1.1\r\n\r\n');
        one(streams).subscribe({
          error: (error: unknown) => {
            expect(codeOf(error)).toBe('BAD_HOST');
            if (isProtocolError(error)) statuses.push(error.wireCode);
          },
        });
        expect(statuses).toEqual([400]);
        one(streams).next({ type: 'response', status: 400 });
        one(streams).complete();
        flush();
        expect(got.text).toBe(
          'HTTP/1.1 400 Bad Request\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n|',
        );
      },
      { read: false },
    );
  });

  it('in its body fails its stream, which can still be answered', () => {
    serverScene(({ streams, lines, got, say, flush }) => {
      say(`${POST}nonsense\r\n`);
      expect(lines).toEqual([['request POST /', '# BAD_CHUNK']]);
      one(streams).next({ type: 'response', status: 400, bodyLength: null });
      one(streams).complete();
      flush();
      expect(got.text).toMatch(/^HTTP\/1.1 400 .*connection: close\r\n\r\n\|$/s);
    });
  });

  it('can be answered as soon as it is known', () => {
    serverScene(
      ({ streams, got, say, flush }) => {
        say(POST);
        one(streams).subscribe({
          error: () => {
            one(streams).next({ type: 'response', status: 400, bodyLength: null });
            one(streams).complete();
          },
        });
        say('nonsense\r\n');
        flush();
        expect(got.text).toMatch(/^HTTP\/1.1 400 .*connection: close\r\n\r\n\|$/s);
      },
      { read: false },
    );
  });

  it('behind others waits for their answers', () => {
    serverScene(({ streams, lines, got, say, flush }) => {
      say(`${GET}nonsense\r\n\r\n`);
      expect(lines[1]).toEqual(['# BAD_REQUEST_LINE']);
      streams[1]?.next({ type: 'response', status: 400, bodyLength: null });
      streams[1]?.complete();
      for (const event of [OK, data('ok'), END]) streams[0]?.next(event);
      flush();
      expect(got.text).toMatch(/okHTTP\/1.1 400 .*\|$/s);
    });
  });

  it('after its answer has begun cuts it', () => {
    serverScene(({ connection, streams, lines, got, say }) => {
      say(POST);
      one(streams).next(CHUNKED);
      say('nonsense\r\n');
      expect(lines[0]).toEqual(['request POST /', '# BAD_CHUNK']);
      expect(connection.state).toBe('closed');
      expect(got.text).not.toContain('0\r\n\r\n');
      one(streams).next(data('dropped'));
    });
  });
});

describe('giving up', () => {
  it('reset cuts the connection', () => {
    serverScene(({ connection, streams, lines, got, say, flush }) => {
      say(POST);
      one(streams).next(CHUNKED);
      one(streams).reset();
      flush();
      expect(lines[0]).toEqual(['request POST /', '# CANCELLED']);
      expect(connection.state).toBe('closed');
      expect(got.text).toMatch(/[|#]/);
    });
  });

  it('reset after the answer, with the request still being read, drops the rest', () => {
    serverScene(({ connection, streams, lines, say }) => {
      say(`${POST}2\r\nab\r\n`);
      one(streams).next({ type: 'response', status: 204 });
      one(streams).next(END);
      one(streams).reset();
      say('2\r\ncd\r\n0\r\n\r\n');
      expect(lines[0]).toEqual(['request POST /', 'data "ab"', '# CANCELLED']);
      expect(connection.state).toBe('open');
      say(GET);
      expect(streams).toHaveLength(2);
    });
  });

  it('the client that leaves ends both directions', () => {
    serverScene(({ connection, streams, lines, peer, say, flush }) => {
      say(POST);
      peer.error(new Error('away'));
      flush();
      expect(lines[0]).toEqual(['request POST /', '# ECONNRESET']);
      expect(one(streams).sending).toBe('ERROR');
      expect(connection.state).toBe('closed');
    });
  });
});

describe('unget and credit', () => {
  it('gives bytes back', () => {
    serverScene(
      ({ streams, say }) => {
        say(`${POST}3\r\nabc\r\n`);
        const lines: string[] = [];
        one(streams).subscribe((event) => {
          lines.push(lineOf(event));
          if (event.type === 'data' && event.chunk.length > 1) one(streams).unget(event.chunk.subarray(1));
        });
        expect(lines).toEqual(['request POST /', 'data "abc"', 'data "bc"', 'data "c"']);
      },
      { read: false },
    );
  });

  it('a held event stops the client', () => {
    serverScene(
      ({ streams, peer, say, flush }) => {
        const releases: Release[] = [];
        say(POST);
        let seen = 0;
        one(streams).subscribe((event) => {
          if (event.type !== 'data') return;
          seen += event.chunk.length;
          releases.push(hold());
        });
        let gone = 0;
        for (let i = 0; i < 10; i++) deliver(peer, bytes('5\r\n01234\r\n'), () => gone++);
        flush();
        expect(seen).toBeLessThanOrEqual(100);
        expect(gone).toBeLessThan(10);
        while (releases.length > 0) {
          releases.shift()?.();
          flush();
        }
        expect([seen, gone]).toEqual([50, 10]);
      },
      { read: false, highWaterMark: 40 },
    );
  });
});
