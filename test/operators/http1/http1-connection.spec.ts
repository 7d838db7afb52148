import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { NetworkError } from '../../../operators/core/protocol-error.js';
import type { Http1Event } from '../../../operators/http1/event.js';
import type { OutboundEvent } from '../../../operators/http1/outbound-event.js';
import { clientScene, data, END } from '../../support/http1-scenes.js';
import { bytes, codeOf, lineOf, linesOf, thrownBy } from '../../support/http1-streams.js';

const GET: OutboundEvent = { type: 'request', method: 'GET', target: '/', fields: { host: 'a' } };
const POST: OutboundEvent = {
  type: 'request',
  method: 'POST',
  target: '/',
  fields: { host: 'a', 'transfer-encoding': 'chunked' },
};
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

describe('the connection', () => {
  it('tells when it is idle, after the end was seen', () => {
    clientScene(({ connection, say }) => {
      const seen: string[] = [];
      connection.idle$.subscribe(() => seen.push('idle'));
      const ask = (): void => {
        const stream = connection.openStream();
        stream.subscribe({ complete: () => seen.push('end') });
        stream.next(GET);
      };
      ask();
      ask();
      expect(connection.idle).toBe(false);
      say(OK);
      say(OK);
      ask();
      say(OK);
      expect(seen).toEqual(['end', 'end', 'idle', 'end', 'idle']);
    });
  });

  it('is not idle before the consumer has let go', () => {
    clientScene(({ connection, say }) => {
      let idle = 0;
      connection.idle$.subscribe(() => idle++);
      const stream = connection.openStream();
      let release!: Release;
      stream.subscribe(({ type }) => type === 'data' && (release = hold()));
      stream.next(GET);
      say(OK);
      expect([idle, connection.idle]).toEqual([0, false]);
      release();
      expect([idle, connection.idle]).toEqual([1, true]);
    });
  });

  it('tells every event of every stream to who looks', () => {
    clientScene(({ connection, say }) => {
      const lines: string[] = [];
      const subscription = connection.events$.subscribe(({ direction, stream, event }) =>
        lines.push(`${direction} ${stream} ${lineOf(event)}`),
      );
      const [one, two] = [connection.openStream(), connection.openStream()];
      linesOf(one);
      linesOf(two);
      one.next(GET);
      one.next(END);
      two.next(GET);
      two.next(END);
      say(OK);
      subscription.unsubscribe();
      say(OK);
      expect(lines).toEqual([
        'out 1 request GET /',
        'out 1 end',
        'out 2 request GET /',
        'out 2 end',
        'in 1 response 200',
        'in 1 data "ok"',
        'in 1 end',
      ]);
    });
  });

  it('shows an outbound event as the peer will read it', () => {
    clientScene(({ connection }) => {
      const events: Http1Event[] = [];
      connection.events$.pipe(map(({ event }) => event)).subscribe((event) => events.push(event));
      const stream = connection.openStream();
      stream.next(GET);
      stream.next(END);
      expect(events).toMatchObject([
        { type: 'request', version: '1.1', bodyLength: null },
        { type: 'end', trailers: undefined },
      ]);
    });
  });

  it('is over when the peer leaves it idle', () => {
    clientScene(({ connection, peer, flush }) => {
      const closed: unknown[] = [];
      connection.closed$.subscribe((end) => closed.push(end));
      peer.complete();
      flush();
      expect(closed).toEqual([{ error: undefined }]);
      connection.closed$.subscribe((end) => closed.push(end));
      expect(closed).toHaveLength(2);
    });
  });

  it('closes when what is under way is answered', () => {
    clientScene(({ connection, got, say, flush }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next(GET);
      connection.close();
      flush();
      expect(connection.state).toBe('closing');
      say(OK);
      expect(lines.at(-1)).toBe('|');
      expect(got.text).toMatch(/\|$/);
      expect(connection.state).toBe('closed');
    });
  });

  it('abort fails what is under way', () => {
    clientScene(({ connection, got, flush }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next(GET);
      flush();
      connection.abort(new NetworkError('EMINE', 'read', 'mine'));
      flush();
      expect(lines).toEqual(['# EMINE']);
      expect(got.text).toMatch(/\|$/);
    });
  });

  it('knows both ends', () => {
    clientScene(({ connection }) => {
      expect(connection.info.remote.address).toBe('server');
      expect(connection.openStream().info).toBe(connection.info);
    });
  });
});

describe('shutdown', () => {
  it('of writing sends FIN and lets responses come', () => {
    clientScene(({ connection, got, say, flush }) => {
      const [whole, half, waiting] = [connection.openStream(), connection.openStream(), connection.openStream()];
      const lines = [whole, half, waiting].map(linesOf);
      whole.next(GET);
      half.next(POST);
      waiting.next(GET);
      connection.shutdown('write');
      half.next(data('never sent'));
      flush();
      expect(got.text).toMatch(/chunked\r\n\r\n\|$/);
      say(OK);
      expect(lines).toEqual([['response 200', 'data "ok"', 'end', '|'], [], ['# CONNECTION_CLOSED']]);
      say('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
      expect(lines[1]).toEqual(['response 400', 'end', '|']);
    });
  });

  it('of reading fails responses and lets the request be finished', () => {
    clientScene(({ connection, got, say, flush }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next(POST);
      say('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
      connection.shutdown('read');
      say('nobody hears this');
      expect(lines.at(-1)).toBe('# CONNECTION_CLOSED');
      expect(got.text).not.toMatch(/\|$/);
      connection.close();
      flush();
      expect(got.text).toMatch(/\|$/);
    });
  });

  it('of both ends it, once the peer has', () => {
    clientScene(({ connection, got, peer, flush }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next(GET);
      connection.shutdown('both');
      flush();
      expect(lines).toEqual(['# CONNECTION_CLOSED']);
      expect(got.text).toMatch(/\|$/);
      expect(connection.state).toBe('closing');
      peer.complete();
      flush();
      expect(connection.state).toBe('closed');
    });
  });
});

describe('leaving HTTP', () => {
  const ASK: OutboundEvent = { ...GET, fields: { host: 'a', connection: 'upgrade', upgrade: 'x' } } as OutboundEvent;
  const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';

  it('goes on in the stream, with what was read too far in the event', () => {
    clientScene(({ connection, peer, got, say, flush }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next(ASK);
      stream.next(END);
      expect(thrownBy(() => stream.next(data('too soon')))).toBe('ILLEGAL_EVENT');
      say(`${SWITCH}left over`);
      say('more');
      expect(stream.sending).toBe('SWITCHED');
      expect(connection.state).toBe('detached');
      stream.next({ type: 'upgrade', leftover: bytes('one ') });
      stream.next(data('two'));
      stream.complete();
      flush();
      peer.complete();
      flush();
      expect(lines).toEqual(['response 101', 'upgrade "left over"', 'data "more"', '|']);
      expect(got.text).toMatch(/\r\n\r\none two\|$/);
    });
  });

  it('is told to who looks, and what comes then too', () => {
    clientScene(({ connection, say }) => {
      const lines: string[] = [];
      connection.events$.subscribe(({ direction, event }) => lines.push(`${direction} ${lineOf(event)}`));
      const stream = connection.openStream();
      linesOf(stream);
      stream.next(ASK);
      say(SWITCH);
      stream.next(data('one'));
      say('two');
      expect(lines.slice(1)).toEqual(['in response 101', 'in upgrade ""', 'out data "one"', 'in data "two"']);
    });
  });

  it('reset ends what goes on', () => {
    clientScene(({ connection, got, say, flush }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next(ASK);
      say(SWITCH);
      stream.reset();
      flush();
      expect(lines.slice(2)).toEqual(['# CANCELLED']);
      expect(got.text).toMatch(/# ECONNRESET$/);
    });
  });

  it('hands the socket over, leftover included, to who takes it then', () => {
    clientScene(({ connection, got, say, flush }) => {
      const stream = connection.openStream();
      const lines: string[] = [];
      let text = '';
      stream.subscribe({
        next: (event) => {
          lines.push(lineOf(event));
          if (event.type !== 'upgrade') return;
          const socket = connection.takeSocket();
          socket.subscribe((chunk) => (text += Buffer.from(chunk).toString()));
          socket.next(bytes('hello'));
        },
        complete: () => lines.push('|'),
      });
      stream.next(ASK);
      say(`${SWITCH}left over`);
      say(' more');
      flush();
      expect(lines).toEqual(['response 101', 'upgrade "left over"', '|']);
      expect(text).toBe('left over more');
      expect(got.text).toMatch(/hello$/);
      expect(thrownBy(() => connection.takeSocket())).toBe('SOCKET_TAKEN');
    });
  });

  it('after a CONNECT that is granted', () => {
    clientScene(({ connection, say }) => {
      const stream = connection.openStream();
      const lines = linesOf(stream);
      stream.next({ type: 'request', method: 'CONNECT', target: 'b:443', fields: { host: 'b:443' } });
      stream.next(END);
      say('HTTP/1.1 200 OK\r\n\r\n\x16\x03');
      expect(lines).toEqual(['response 200', 'upgrade "\x16\x03"'.replaceAll('\x16\x03', '\\u0016\\u0003')]);
    });
  });

  it('any time by taking the socket: unread bytes come first, what is under way fails', () => {
    clientScene(({ connection, peer, say, flush }) => {
      const stream = connection.openStream();
      const lines: string[] = [];
      let text = '';
      stream.subscribe({
        next: (event) => {
          lines.push(lineOf(event));
          if (event.type !== 'data') return;
          connection.takeSocket().subscribe({
            next: (chunk) => (text += Buffer.from(chunk).toString()),
            complete: () => (text += '|'),
          });
        },
        error: (error: unknown) => lines.push(codeOf(error)),
      });
      const behind = connection.openStream();
      const lost = linesOf(behind);
      stream.next(GET);
      behind.next(GET);
      say('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n');
      peer.next(bytes('0\r\n'));
      peer.complete();
      flush();
      expect(lines).toEqual(['response 200', 'data "a"', 'SOCKET_TAKEN']);
      expect(lost).toEqual(['# SOCKET_TAKEN']);
      expect(text).toBe('\r\n1\r\nb\r\n0\r\n|');
      expect(connection.state).toBe('detached');
      expect(thrownBy(() => connection.takeSocket())).toBe('SOCKET_TAKEN');
      connection.shutdown('both');
      connection.close();
    });
  });

  it('is too late on a closed connection', () => {
    clientScene(({ connection }) => {
      connection.close();
      expect(thrownBy(() => connection.takeSocket())).toBe('CONNECTION_CLOSED');
    });
  });
});
