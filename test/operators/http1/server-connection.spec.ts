import { Subject } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { DuplexSubject } from '../../../operators/core/duplex-subject.js';
import { ProtocolError } from '../../../operators/core/protocol-error.js';
import { FRAMING_NONE } from '../../../operators/http1/framing.js';
import { ServerConnection } from '../../../operators/http1/server-connection.js';
import type { ServerConnectionOptions } from '../../../operators/http1/server-connection-options.js';
import type { ServerExchange } from '../../../operators/http1/server-exchange.js';

const GET = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

/** A connection over a socket that is only written down. */
class Bench {
  readonly inbound = new Subject<Uint8Array>();
  readonly connection: ServerConnection;
  readonly exchanges: ServerExchange[] = [];
  readonly refusals: unknown[] = [];
  readonly closes: unknown[] = [];
  /** Each write, and `FIN` or `RST`. */
  sent: string[] = [];
  progress = 0;
  /** Chunks delivered and not released. */
  held = 0;
  left = false;
  /** What is written stays held until released. */
  backedUp: Release[] | undefined;

  constructor(handle: (exchange: ServerExchange) => void = () => undefined, options: ServerConnectionOptions = {}) {
    const socket = new DuplexSubject<Uint8Array, Uint8Array>(
      this.inbound,
      {
        next: (bytes) => {
          this.sent.push(Buffer.from(bytes).toString('latin1'));
          this.backedUp?.push(hold());
        },
        complete: () => this.sent.push('FIN'),
        error: () => this.sent.push('RST'),
      },
      undefined,
    );
    this.connection = new ServerConnection(
      socket,
      {
        request: (exchange) => {
          this.exchanges.push(exchange);
          handle(exchange);
        },
        refused: (exchange, error) => {
          this.exchanges.push(exchange);
          this.refusals.push(error);
        },
        progress: () => this.progress++,
        closed: (error) => this.closes.push(error),
      },
      options,
    );
    this.connection.open();
  }

  receive(text: string): void {
    this.held++;
    deliver(this.inbound, Buffer.from(text, 'latin1'), () => this.held--);
  }

  get written(): string {
    return this.sent.join('');
  }
}

const answer = (exchange: ServerExchange): void => exchange.whole(OK, undefined);

describe('reading', () => {
  it('says what it waits for', () => {
    const bench = new Bench();
    const { connection } = bench;
    expect(connection.reading).toBe('boundary');
    bench.receive('GET / HT');
    expect(connection.reading).toBe('head');
    bench.receive('TP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab');
    expect(connection.reading).toBe('body');
    expect(connection.unanswered).toBe(1);
    bench.receive('cd');
    expect(connection.reading).toBe('boundary');
    expect(connection.received).toBe(50);
  });

  it('is the same however the bytes are cut', () => {
    const requests = `${GET}POST /x HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${GET}`;
    const run = (pieces: Iterable<string>): string => {
      const log: string[] = [];
      const bench = new Bench((exchange) => {
        log.push(exchange.request?.method ?? '');
        exchange.body.subscribe({
          next: (chunk) => log.push(Buffer.from(chunk).toString()),
          complete: () => {
            log.push('end');
            answer(exchange);
          },
        });
      });
      for (const piece of pieces) bench.receive(piece);
      expect(bench.held).toBe(0);
      expect(bench.written).toBe(OK.repeat(3));
      return log.join('').replaceAll('POSTabcend', 'POST abc end');
    };
    const whole = run([requests]);
    for (let at = 1; at < requests.length; at++) run([requests.slice(0, at), requests.slice(at)]);
    run(requests);
    expect(whole).toBe('GETendPOST abc endGETend');
  });

  it('one write for what one chunk asked', () => {
    const bench = new Bench(answer);
    bench.receive(GET.repeat(5));
    expect(bench.sent).toEqual([OK.repeat(5)]);
  });

  it('but no more than 16 KiB or so of it at a time', () => {
    const body = Buffer.alloc(4000);
    const bench = new Bench((exchange) => exchange.whole(OK, body));
    bench.receive(GET.repeat(40));
    expect(bench.sent.length).toBeGreaterThan(5);
    for (const write of bench.sent) expect(write.length).toBeLessThan(24_576);
  });

  it('stops at 16 unanswered, and holds what it has not read', () => {
    const bench = new Bench();
    bench.receive(GET.repeat(20));
    expect(bench.exchanges).toHaveLength(16);
    expect(bench.held).toBe(1);
    answer(bench.exchanges[0] as ServerExchange);
    expect(bench.exchanges).toHaveLength(17);
    for (let i = 1; i < 20; i++) answer(bench.exchanges[i] as ServerExchange);
    expect(bench.exchanges).toHaveLength(20);
    expect(bench.held).toBe(0);
    expect(bench.written).toBe(OK.repeat(20));
  });

  it('and where responses are not taken', () => {
    const bench = new Bench(answer);
    bench.backedUp = [];
    bench.receive(GET);
    bench.receive(GET);
    expect(bench.exchanges).toHaveLength(1);
    expect(bench.held).toBe(2); // what was answered counts until the answer has gone
    const [release] = bench.backedUp;
    bench.backedUp = undefined;
    release?.();
    expect(bench.exchanges).toHaveLength(2);
    expect(bench.held).toBe(0);
  });
});

describe('a request body', () => {
  it('holds its chunk while its reader does', () => {
    let release: Release = () => undefined;
    const bench = new Bench((exchange) => exchange.body.subscribe(() => (release = hold())));
    bench.receive('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n');
    expect(bench.connection.consumerHolds).toBe(false);
    bench.receive('ab');
    expect(bench.held).toBe(1);
    expect(bench.connection.consumerHolds).toBe(true);
    const before = bench.progress;
    release();
    expect(bench.held).toBe(0);
    expect(bench.connection.consumerHolds).toBe(false);
    expect(bench.progress).toBe(before + 1);
  });

  it('waits, held, for a reader', () => {
    const bench = new Bench();
    bench.receive('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nabcd');
    expect(bench.held).toBe(1);
    const [exchange] = bench.exchanges as [ServerExchange];
    let body = '';
    exchange.body.subscribe((chunk) => (body += Buffer.from(chunk).toString()));
    expect(body).toBe('abcd');
    expect(bench.held).toBe(0);
  });

  it('is let go when the request is answered without it', () => {
    const bench = new Bench();
    bench.receive('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nabcd');
    answer(bench.exchanges[0] as ServerExchange);
    expect(bench.held).toBe(0);
  });

  it('or cut off', () => {
    const bench = new Bench();
    bench.receive('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nab');
    bench.connection.fail(new Error('x'));
    expect(bench.held).toBe(0);
    expect(bench.closes).toEqual([new Error('x')]);
  });
});

describe('closing', () => {
  it('an idle connection: FIN, then waits for the peer', () => {
    const bench = new Bench();
    bench.connection.close();
    expect(bench.sent).toEqual(['FIN']);
    expect(bench.connection.lingering).toBe(true);
    bench.receive('whatever comes is dropped');
    expect(bench.held).toBe(0);
    expect(bench.closes).toEqual([]);
    bench.inbound.complete();
    expect(bench.closes).toEqual([undefined]);
  });

  it('a busy one: the last response says so', () => {
    const bench = new Bench();
    bench.receive(GET.repeat(2));
    const [first, second] = bench.exchanges as [ServerExchange, ServerExchange];
    bench.connection.close();
    bench.receive(GET);
    expect([first.close, second.close]).toEqual([false, true]);
    answer(first);
    answer(second);
    expect(bench.sent).toEqual([OK, OK, 'FIN']);
    expect(bench.exchanges).toHaveLength(2);
  });

  it('is over only once all is sent', () => {
    const bench = new Bench(answer);
    bench.backedUp = [];
    bench.receive(GET.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
    bench.inbound.complete();
    expect(bench.sent).toEqual([OK, 'FIN']);
    expect(bench.closes).toEqual([]);
    for (const release of bench.backedUp) release();
    expect(bench.closes).toEqual([undefined]);
  });

  it('a failure after the end of the peer closes the socket all the same', () => {
    const bench = new Bench();
    bench.receive(GET);
    bench.inbound.complete();
    bench.connection.fail(new Error('x'));
    expect(bench.sent).toEqual(['RST']);
  });

  it("a response cut short is reset where its end would be the connection's", () => {
    for (const [framing, sign] of [
      [2, []],
      [3, ['RST']],
    ] as const) {
      const bench = new Bench((exchange) => {
        exchange.head('HEAD', framing, -1);
        exchange.abort(new Error('x'));
      });
      bench.receive(GET);
      expect(bench.sent).toEqual(['HEAD', ...sign]);
    }
  });
});

describe('refusing', () => {
  it('what cannot be read has a place of its own in the order', () => {
    const bench = new Bench();
    bench.receive(`${GET}nonsense\r\n`);
    expect(bench.refusals).toMatchObject([{ code: 'BAD_REQUEST_LINE', wireCode: 400 }]);
    const [first, refusal] = bench.exchanges as [ServerExchange, ServerExchange];
    expect(refusal.request).toBeUndefined();
    expect([refusal.hasTurn, refusal.close]).toEqual([false, true]);
    answer(first);
    expect(refusal.hasTurn).toBe(true);
    answer(refusal);
    expect(bench.sent).toEqual([OK, OK, 'FIN']);
  });

  it('a request under way is cancelled, and its place taken', () => {
    const bench = new Bench();
    bench.receive('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
    const [exchange] = bench.exchanges as [ServerExchange];
    const log: string[] = [];
    exchange.owner = {
      turn: () => log.push('turn'),
      requestRead: (error) => log.push(`read ${(error as ProtocolError).code}`),
      answered: () => log.push('answered'),
      cancelled: (error) => log.push(`cancelled ${(error as ProtocolError).code}`),
    };
    exchange.body.subscribe({ error: ({ code }: ProtocolError) => log.push(`body ${code}`) });
    bench.receive('nonsense\r\n');
    expect(log).toEqual(['read BAD_CHUNK', 'cancelled BAD_CHUNK', 'body BAD_CHUNK']);
    expect(bench.exchanges).toHaveLength(2);
  });
});

describe('leaving HTTP', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
    bench.receive('CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\nearly ');
  });

  it('what was read too far comes first', () => {
    bench.receive('more ');
    const [exchange] = bench.exchanges as [ServerExchange];
    exchange.interim('HEAD');
    const stream = exchange.detach();
    let seen = '';
    stream.subscribe((chunk) => (seen += Buffer.from(chunk).toString()));
    bench.receive('late');
    stream.next(Buffer.from('back'));
    expect(seen).toBe('early more late');
    expect(bench.sent).toEqual(['HEAD', 'back']);
    expect(bench.held).toBe(0);
    expect(bench.closes).toEqual([undefined]);
  });

  it('leaves nothing of the connection with its exchange but the socket, and nothing to be done', () => {
    const [exchange] = bench.exchanges as [ServerExchange];
    const { connection } = exchange;
    exchange.interim('HEAD');
    const stream = exchange.detach();
    expect(exchange.connection).not.toBe(connection);
    expect(exchange.connection.socket).toBe(connection.socket);
    expect([exchange.hasTurn, exchange.close, exchange.connection.closed]).toEqual([false, true, true]);
    exchange.interim('late');
    exchange.head('late', FRAMING_NONE, -1);
    exchange.data(Buffer.from('late'));
    exchange.whole('late', undefined);
    exchange.end();
    exchange.drain();
    exchange.flush();
    exchange.abort(new Error('late'));
    expect(() => exchange.detach()).toThrow(expect.objectContaining({ code: 'SOCKET_TAKEN' }));
    stream.next(Buffer.from('back'));
    expect(bench.sent).toEqual(['HEAD', 'back']);
  });

  it('refused, the connection closes', () => {
    const [exchange] = bench.exchanges as [ServerExchange];
    expect(exchange.close).toBe(true);
    answer(exchange);
    expect(bench.sent).toEqual([OK, 'FIN']);
    expect(bench.exchanges).toHaveLength(1);
  });
});
