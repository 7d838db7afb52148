import { Subject, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { NetworkError } from '../../../operators/core/protocol-error.js';
import { Http1Connection } from '../../../operators/http1/http1-connection.js';
import type { OutboundEvent } from '../../../operators/http1/outbound-event.js';
import { memoryPair } from '../../../src/sockets/memory-socket.js';
import { clientScene, data, END } from '../../support/http1-scenes.js';
import { bytes, codeOf, lineOf, linesOf, textOf, thrownBy } from '../../support/http1-streams.js';
import { runMarbles } from '../../support/marbles.js';

const GET: OutboundEvent = { type: 'request', method: 'GET', target: '/', fields: { host: 'a' } };
const POST: OutboundEvent = {
  type: 'request',
  method: 'POST',
  target: '/',
  fields: { host: 'a', 'transfer-encoding': 'chunked' },
};
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('a request', () => {
  it('leaves as it is given, with what its framing needs', () => {
    clientScene(({ connection, got, flush }) => {
      const stream = connection.openStream();
      stream.next({ type: 'request', method: 'PUT', target: '/x', fields: { host: 'a' }, bodyLength: 5 });
      stream.next(data('hel'));
      stream.next(data('lo'));
      stream.next(END);
      flush();
      expect(got.text).toBe('PUT /x HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello');
    });
  });

  it('carries chunk extensions and trailers', () => {
    clientScene(({ connection, got, flush }) => {
      const stream = connection.openStream();
      stream.next(POST);
      stream.next(data('hello', 'a=b;c="d e"'));
      stream.next({ type: 'end', trailers: { 'x-sum': '1' } });
      flush();
      expect(got.text).toBe(
        'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n' +
          '5;a=b;c="d e"\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n',
      );
    });
  });

  it('is ended by complete', () => {
    clientScene(({ connection, got, flush }) => {
      const stream = connection.openStream();
      stream.next(POST);
      stream.complete();
      stream.complete();
      flush();
      expect(got.text).toMatch(/\r\n\r\n0\r\n\r\n$/);
    });
  });

  it('that was read elsewhere can be sent on, events and all', () => {
    clientScene(({ connection, got, flush }) => {
      const events = new Subject<OutboundEvent>();
      events.subscribe(connection.openStream());
      for (const event of [POST, data('a'), END]) events.next(event);
      flush();
      expect(got.text).toMatch(/^POST .*\r\n\r\n1\r\na\r\n0\r\n\r\n$/s);
    });
  });
});

describe('a response', () => {
  it('is a head, data with extensions, and an end with trailers', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next(GET);
      say('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
      say('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\nx-sum: 2\r\n\r\n');
      expect(lines).toEqual(['informational 103', 'response 200', 'data;x=1 "abc"', 'end x-sum: 2', '|']);
    });
  });

  it('says how long its body is', () => {
    clientScene(({ connection, say }) => {
      const lengths: unknown[] = [];
      const ask = (answer: string): void => {
        const stream = connection.openStream();
        stream.subscribe((event) => event.type === 'response' && lengths.push(event.bodyLength));
        stream.next(GET);
        say(answer);
      };
      ask(OK);
      ask('HTTP/1.1 204 No Content\r\n\r\n');
      ask('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n');
      ask('HTTP/1.1 200 OK\r\n\r\n');
      expect(lengths).toEqual([2, null, undefined, undefined]);
    });
  });

  it('that breaks a rule fails its stream and the connection', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      const closed: unknown[] = [];
      connection.closed$.subscribe(({ error }) => closed.push(codeOf(error)));
      stream.next(GET);
      say('HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n');
      expect(lines).toEqual(['# BAD_CONTENT_LENGTH']);
      expect(closed).toEqual(['BAD_CONTENT_LENGTH']);
      expect(connection.state).toBe('closed');
      expect([stream.sending, stream.receiving]).toEqual(['ERROR', 'ERROR']);
      stream.next(END); // dropped
    });
  });

  it('that is cut fails', () => {
    clientScene(({ connection, peer, say, flush }) => {
      const lines = linesOf(connection.openStream());
      const stream = connection.openStream();
      const cut = linesOf(stream);
      stream.next(GET);
      say('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe');
      peer.complete();
      flush();
      expect(cut).toEqual(['response 200', 'data "he"', '# TRUNCATED_MESSAGE']);
      expect(lines).toEqual([]); // has never been on the connection
    });
  });

  it('fails with the network', () => {
    clientScene(({ connection, peer, flush }) => {
      const stream = connection.openStream();
      const errors: unknown[] = [];
      stream.subscribe({ error: (error: unknown) => errors.push(error) });
      stream.next(GET);
      flush();
      peer.error(new Error('away'));
      flush();
      expect(errors).toHaveLength(1);
      expect(errors[0]).toBeInstanceOf(NetworkError);
      expect(codeOf(errors[0])).toBe('ECONNRESET');
    });
  });

  it('that comes before the request is whole is read all the same, and ends the connection', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next(POST);
      say('HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n');
      stream.next(data('more'));
      stream.next(END);
      expect(lines).toEqual(['response 413', 'end', '|']);
      expect(connection.state).toBe('closed');
    });
  });
});

describe('order', () => {
  const cases: readonly (readonly [string, readonly OutboundEvent[], string])[] = [
    ['body before head', [data('a')], 'ILLEGAL_EVENT'],
    ['end before head', [END], 'ILLEGAL_EVENT'],
    ['second head', [POST, POST], 'ILLEGAL_EVENT'],
    ['head after the end', [GET, END, GET], 'ILLEGAL_EVENT'],
    ['data after the end', [POST, END, data('a')], 'ILLEGAL_EVENT'],
    ['second end', [GET, END, END], 'ILLEGAL_EVENT'],
    ['a response from a client', [{ type: 'response', status: 200 }], 'ILLEGAL_EVENT'],
    ['an interim response from a client', [{ type: 'informational', status: 100 }], 'ILLEGAL_EVENT'],
    ['upgrade without one', [GET, END, { type: 'upgrade' }], 'ILLEGAL_EVENT'],
    ['data where the head announces none', [GET, data('a')], 'BODY_NOT_ALLOWED'],
    ['more than Content-Length', [{ ...GET, bodyLength: 1 } as OutboundEvent, data('ab')], 'CONTENT_LENGTH_EXCEEDED'],
    ['less than Content-Length', [{ ...GET, bodyLength: 1 } as OutboundEvent, END], 'CONTENT_LENGTH_SHORT'],
    ['a chunk extension that is none', [POST, data('a', ';')], 'INVALID_CHUNK_EXTENSION'],
    ['a trailer that frames', [POST, { type: 'end', trailers: { 'content-length': '1' } }], 'FORBIDDEN_TRAILER'],
    ['no Host', [{ type: 'request', method: 'GET', target: '/' }], 'INVALID_HOST'],
    ['a target that is none', [{ ...GET, target: 'x y' } as OutboundEvent], 'INVALID_TARGET'],
  ];

  it.each(cases)('%s', (_, events, code) => {
    clientScene(({ connection, got, flush }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      for (const event of events.slice(0, -1)) stream.next(event);
      flush();
      const [text, state] = [got.text, stream.sending];
      expect(thrownBy(() => stream.next(events.at(-1) as OutboundEvent))).toBe(code);
      flush();
      // Nothing was sent, nothing has changed.
      expect(got.text).toBe(text);
      expect(stream.sending).toBe(state);
      expect(lines).toEqual([]);
    });
  });

  it('walks through the states of both directions', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      const states = (): string => `${stream.sending} ${stream.receiving}`;
      const seen = [states()];
      stream.subscribe(() => seen.push(states()));
      stream.next({ ...POST, fields: { host: 'a', 'transfer-encoding': 'chunked', connection: 'close' } });
      seen.push(states());
      stream.next(END);
      seen.push(states());
      say(OK);
      expect(seen).toEqual([
        'IDLE IDLE',
        'SEND_LAST_BODY IDLE',
        'MUST_CLOSE IDLE',
        'MUST_CLOSE SEND_LAST_BODY',
        'MUST_CLOSE SEND_LAST_BODY',
        'MUST_CLOSE MUST_CLOSE',
      ]);
      expect(connection.state).toBe('closed');
    });
  });

  it('complete of a body that is too short gives the exchange up', () => {
    clientScene(({ connection, got, flush }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next({ ...GET, bodyLength: 1 });
      stream.complete();
      flush();
      expect(lines).toEqual(['# CONTENT_LENGTH_SHORT']);
      expect(got.text).toMatch(/\|$/);
    });
  });
});

describe('pipelining', () => {
  it('writes a request when the one before is written, and gives each its response', () => {
    clientScene(({ connection, got, say, flush }) => {
      const [first, second, third] = [connection.openStream(), connection.openStream(), connection.openStream()];
      const lines = [first, second, third].map(linesOf);
      second.next({ ...POST, target: '/2' });
      let released = 0;
      for (const event of [{ ...GET, target: '/1' } as OutboundEvent, END]) deliver(first, event, () => released++);
      flush();
      expect(got.text).not.toContain('/1 ');
      expect(released).toBe(0); // whoever sends is held
      third.next({ ...GET, target: '/3' });
      second.next(data('x'));
      second.next(END);
      third.next(END);
      flush();
      expect(released).toBe(2);
      expect([...got.text.matchAll(/\/\d /g)].map(String)).toEqual(['/2 ', '/1 ', '/3 ']);
      say(OK.replace('200', '202') + OK.replace('200', '201') + OK.replace('200', '203'));
      expect(lines.map(([head]) => head)).toEqual(['response 201', 'response 202', 'response 203']);
      expect(lines.map((all) => all.at(-1))).toEqual(['|', '|', '|']);
    });
  });

  it('does not write behind an upgrade that may come true', () => {
    clientScene(({ connection, got, say, flush }) => {
      const asking = connection.openStream();
      linesOf(asking);
      asking.next({ ...GET, fields: { host: 'a', connection: 'upgrade', upgrade: 'x' } });
      const next = connection.openStream();
      const lines = linesOf(next);
      next.next({ ...GET, target: '/next' });
      flush();
      expect(got.text).not.toContain('/next');
      say(OK);
      expect(got.text).toContain('/next');
      say(OK);
      expect(lines).toEqual(['response 200', 'data "ok"', 'end', '|']);
    });
  });

  it('fails what waits when the connection ends first', () => {
    clientScene(({ connection, say }) => {
      const first = connection.openStream();
      const [done, lost, late] = [linesOf(first), ...[1, 2].map(() => [] as string[])] as [
        string[],
        string[],
        string[],
      ];
      first.next(GET);
      const second = connection.openStream();
      second.subscribe({ error: (error: unknown) => lost.push(codeOf(error)) });
      second.next(GET);
      say('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      expect(done.at(-1)).toBe('|');
      expect(lost).toEqual(['CONNECTION_CLOSED']);
      connection.openStream().subscribe({ error: (error: unknown) => late.push(codeOf(error)) });
      expect(late).toEqual(['CONNECTION_CLOSED']);
    });
  });

  it('a stream that never wrote leaves without a trace', () => {
    clientScene(({ connection, say, flush }) => {
      const writing = connection.openStream();
      linesOf(writing);
      writing.next(POST);
      const waiting = connection.openStream();
      waiting.next(GET);
      waiting.reset();
      const unused = connection.openStream();
      const lines = linesOf(unused);
      unused.complete();
      writing.next(END);
      flush();
      say(OK);
      expect(lines).toEqual(['|']);
      expect(connection.idle).toBe(true);
    });
  });
});

describe('giving up', () => {
  it.each(['leaving', 'reset', 'error'])('%s before the end closes the connection', (how) => {
    clientScene(({ connection, got, say, flush }) => {
      const stream = connection.openStream();
      const lines: string[] = [];
      const subscription = stream.subscribe({
        next: (event) => lines.push(lineOf(event)),
        error: (error: unknown) => lines.push(codeOf(error)),
      });
      stream.next(GET);
      say('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe');
      if (how === 'leaving') subscription.unsubscribe();
      else if (how === 'reset') stream.reset();
      else stream.error(new NetworkError('EMINE', 'read', 'mine'));
      flush();
      expect(lines.slice(2)).toEqual({ leaving: [], reset: ['CANCELLED'], error: ['EMINE'] }[how]);
      expect(got.text).toMatch(/\|$/);
      expect(connection.state).toBe('closed');
    });
  });

  it('after the end has nothing to close', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      stream.pipe(take(3)).subscribe();
      stream.next(GET);
      stream.next(END);
      say(OK);
      stream.reset();
      expect(connection.state).toBe('open');
      expect(connection.idle).toBe(true);
    });
  });
});

describe('unget', () => {
  it('gives bytes back in front of what comes', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      const lines: string[] = [];
      stream.subscribe((event) => {
        lines.push(lineOf(event));
        if (event.type === 'data' && event.chunk.length > 2) stream.unget(event.chunk.subarray(2));
      });
      stream.next(GET);
      say('HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nabcde');
      say('fg');
      expect(lines).toEqual(['response 200', 'data "abcde"', 'data "cde"', 'data "e"', 'data "fg"', 'end']);
    });
  });

  it('takes several pieces, the last one to the front', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      const lines: string[] = [];
      let once = true;
      stream.subscribe((event) => {
        lines.push(lineOf(event));
        if (event.type !== 'data' || !once) return;
        once = false;
        stream.unget(bytes('2'));
        stream.unget(bytes('1'));
      });
      stream.next(GET);
      say(OK);
      expect(lines).toEqual(['response 200', 'data "ok"', 'data "12"', 'end']);
    });
  });

  it('works later too, as long as the body lasts', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      expect(thrownBy(() => stream.unget(bytes('x')))).toBe('NOT_IN_BODY');
      stream.next(GET);
      say('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no');
      stream.unget(bytes('o'));
      say('k');
      expect(lines).toEqual(['response 200', 'data "o"', 'data "o"', 'data "k"', 'end', '|']);
      expect(thrownBy(() => stream.unget(bytes('x')))).toBe('NOT_IN_BODY');
    });
  });
});

describe('credit', () => {
  it('a held event stops the peer, in its turn a held write waits for it', () => {
    clientScene(
      ({ connection, peer, flush }) => {
        const stream = connection.openStream();
        const releases: Release[] = [];
        let seen = 0;
        stream.subscribe((event) => {
          if (event.type !== 'data') return;
          seen += event.chunk.length;
          releases.push(hold());
        });
        stream.next(GET);
        flush();
        peer.next(bytes('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n'));
        flush();
        let gone = 0;
        for (let i = 0; i < 10; i++) deliver(peer, bytes('0123456789'), () => gone++);
        flush();
        expect(seen).toBe(40);
        expect(gone).toBe(3); // 40 bytes is the mark
        while (releases.length > 0) {
          releases.shift()?.();
          flush();
        }
        expect(seen).toBe(100);
        expect(gone).toBe(10);
      },
      { highWaterMark: 40 },
    );
  });

  it('an unclaimed stream backs up, and lets go once its response is whole', () => {
    clientScene(
      ({ connection, peer, say }) => {
        const stream = connection.openStream();
        stream.next(GET);
        stream.next(END);
        say('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234');
        expect(peer.bufferedBytes).toBe(0);
        expect(connection.idle).toBe(false);
        say('56789');
        expect(connection.idle).toBe(true);
        expect(linesOf(stream)).toEqual(['response 200', 'data "01234"', 'data "56789"', 'end', '|']);
      },
      { highWaterMark: 1000 },
    );
  });

  it('an unclaimed stream that fails lets go at once', () => {
    runMarbles(({ scheduler, flush }) => {
      const [client, peer] = memoryPair({ scheduler });
      const stream = new Http1Connection(client).openStream();
      stream.next(GET);
      textOf(peer);
      peer.next(bytes('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234'));
      flush();
      expect(client.heldBytes).toBeGreaterThan(0);
      peer.error(new Error('away'));
      flush();
      expect(client.heldBytes).toBe(0);
      expect(linesOf(stream)).toEqual(['response 200', 'data "01234"', '# ECONNRESET']);
    });
  });

  it('a write is held while the peer takes nothing', () => {
    runMarbles(({ scheduler, flush }) => {
      const [client, peer] = memoryPair({ scheduler, highWaterMark: 100 });
      const connection = new Http1Connection(client);
      const stream = connection.openStream();
      let gone = 0;
      stream.next(POST);
      for (let i = 0; i < 4; i++) deliver(stream, data('x'.repeat(50)), () => gone++);
      flush();
      expect(gone).toBe(0);
      peer.subscribe();
      flush();
      expect(gone).toBe(4);
    });
  });
});
