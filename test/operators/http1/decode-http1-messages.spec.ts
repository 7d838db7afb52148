import { concat, from, map, NEVER, Observable, of, Subject, take, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { decodeHttp1Messages, type DecodeHttp1Config } from '../../../operators/http1/decode-http1-messages.js';
import type { Http1Event } from '../../../operators/http1/event.js';
import { randomCuts, splits } from '../../support/every-split.js';
import { runMarbles } from '../../support/marbles.js';
import { bytesOf, fieldText, textOf } from './support.js';

const GET = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n';
const POST =
  'POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';

function describeEvent(event: Http1Event): string {
  switch (event.type) {
    case 'request':
      return `request ${event.method} ${event.target} ${event.version} ${event.bodyLength}`;
    case 'response':
      return `response ${event.status} ${event.reason} ${event.version} ${event.bodyLength}`;
    case 'informational':
      return `informational ${event.status}`;
    case 'data':
      return `data(${event.extension}) ${textOf(event.chunk)}`;
    case 'end':
      return `end${event.trailers ? ` ${fieldText(event.trailers)}` : ''}`;
    default:
      return `upgrade ${textOf(event.leftover)}`;
  }
}

/** Events and how it ended; pieces of a body joined. */
function read(source: Observable<Uint8Array>, config: DecodeHttp1Config): string[] {
  const said: string[] = [];
  source.pipe(decodeHttp1Messages(config)).subscribe({
    next(event) {
      const text = describeEvent(event);
      const last = said.at(-1);
      if (last?.startsWith('data(') && text.startsWith('data() ')) said[said.length - 1] = last + text.slice(7);
      else said.push(text);
    },
    error: (error: { code?: string; message: string }) => said.push(`error ${error.code ?? error.message}`),
    complete: () => said.push('complete'),
  });
  return said;
}

const server = { role: 'server' } as const;
const client = { role: 'client' } as const;

describe('decodeHttp1Messages', () => {
  it('reads requests, however the bytes are cut', () => {
    const text = GET + POST + GET;
    const expected = [
      'request GET /a 1.1 null',
      'end',
      'request POST /b 1.1 undefined',
      'data(x) abc',
      'end t=1',
      'request GET /a 1.1 null',
      'end',
      'complete',
    ];
    for (const pieces of splits(bytesOf(text))) expect(read(from(pieces), server)).toEqual(expected);
    for (let seed = 0; seed < 20; seed++) expect(read(from(randomCuts(bytesOf(text), seed)), server)).toEqual(expected);
  });

  it('reads responses by the methods of their requests', () => {
    const methods = ['GET', 'HEAD', 'GET'];
    const text = `HTTP/1.1 103 \r\n\r\n${OK}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${OK}`;
    for (const pieces of splits(bytesOf(text))) {
      const asked = [...methods];
      expect(read(from(pieces), { ...client, requestMethod: () => asked.shift() as string })).toEqual([
        'informational 103',
        'response 200 OK 1.1 2',
        'data() hi',
        'end',
        'response 200 OK 1.1 null',
        'end',
        'response 200 OK 1.1 2',
        'data() hi',
        'end',
        'complete',
      ]);
    }
  });

  it('emits data as it arrives', () => {
    runMarbles(({ cold, expectObservable }) => {
      const bytes = cold('--a---b---|', { a: bytesOf('HTTP/1.0 200 OK\r\n\r\nab'), b: bytesOf('c') });
      const events = bytes.pipe(decodeHttp1Messages(client), map(describeEvent));
      expectObservable(events).toBe('--(rd)c---(e|)', {
        r: 'response 200 OK 1.0 undefined',
        d: 'data() ab',
        c: 'data() c',
        e: 'end',
      });
    });
  });

  it('an upgrade: response, what was left over, then bytes', () => {
    const text = 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n';
    const source = from([bytesOf(`${text}raw`), bytesOf('more'), bytesOf('and more')]);
    expect(read(source, { ...client, upgradeAsked: () => true })).toEqual([
      'response 101 Switching 1.1 null',
      'upgrade raw',
      'data() moreand more',
      'complete',
    ]);
    expect(read(of(bytesOf(text)), client)).toEqual(['error UNEXPECTED_UPGRADE']);
    expect(read(of(bytesOf(text)), { ...client, upgradeAsked: () => true })).toEqual([
      'response 101 Switching 1.1 null',
      'upgrade ',
      'complete',
    ]);
  });

  it('CONNECT: request, end, what was left over, then bytes', () => {
    const text = 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n';
    expect(read(from([bytesOf(`${text}GET / `), bytesOf('x')]), server)).toEqual([
      'request CONNECT a:1 1.1 null',
      'end',
      'upgrade GET / ',
      'data() x',
      'complete',
    ]);
    const answer = 'HTTP/1.1 200 OK\r\n\r\nabc';
    expect(read(of(bytesOf(answer)), { ...client, requestMethod: () => 'CONNECT' })).toEqual([
      'response 200 OK 1.1 null',
      'upgrade abc',
      'complete',
    ]);
  });

  it('a message that ends the connection completes, and lets the source go', () => {
    let left = false;
    const source = concat(of(bytesOf(`GET / HTTP/1.0\r\n\r\n${GET}`)), NEVER).pipe(
      (inner) => new Observable<Uint8Array>((to) => inner.subscribe(to).add(() => (left = true))),
    );
    expect(read(source, server)).toEqual(['request GET / 1.0 null', 'end', 'complete']);
    expect(left).toBe(true);
  });

  it('empty, truncated, malformed, failing, and never-ending sources', () => {
    expect(read(of<Uint8Array>(), server)).toEqual(['complete']);
    expect(read(of(new Uint8Array(0)), server)).toEqual(['complete']);
    expect(read(of(bytesOf('GET')), server)).toEqual(['error TRUNCATED_MESSAGE']);
    expect(read(of(bytesOf(`${GET}GET /\n`)), server).at(-1)).toBe('error BARE_LF');
    expect(
      read(
        concat(
          of(bytesOf('GET')),
          throwError(() => new Error('x')),
        ),
        server,
      ),
    ).toEqual(['error x']);
    expect(read(concat(of(bytesOf(GET)), NEVER), server)).toEqual(['request GET /a 1.1 null', 'end']);
    expect(read(of(bytesOf(GET)), { ...server, limits: { maxFields: -1 } })).toEqual(['error INVALID_LIMIT']);
  });

  it('take(1) stops the loop and the source', () => {
    let pulled = 0;
    const chunks = function* (): Generator<Uint8Array> {
      for (; pulled < 100; pulled++) yield bytesOf(GET.repeat(10));
    };
    const events: Http1Event[][] = [];
    from(chunks())
      .pipe(decodeHttp1Messages(server), take(1), toArray())
      .subscribe((all) => events.push(all));
    expect(events[0]).toHaveLength(1);
    expect(pulled).toBe(0);
  });

  it('reads nothing for a consumer that has left', () => {
    let asked = 0;
    of(bytesOf(OK.repeat(3)))
      .pipe(decodeHttp1Messages({ ...client, requestMethod: () => `${asked++}` }), take(1))
      .subscribe();
    expect(asked).toBe(1);
    asked = 0;
    of(bytesOf(OK.repeat(3)))
      .pipe(decodeHttp1Messages({ ...client, requestMethod: () => `${asked++}` }), take(3))
      .subscribe();
    expect(asked).toBe(1);
  });

  it('unsubscribing lets the source go', () => {
    runMarbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-----', { a: bytesOf('GET') });
      expectObservable(source.pipe(decodeHttp1Messages(server)), '---!').toBe('------');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('a consumer that feeds the source from its own callback gets everything once, in order', () => {
    const source = new Subject<Uint8Array>();
    const said: string[] = [];
    source.pipe(decodeHttp1Messages(server)).subscribe((event) => {
      if (said.length === 0) source.next(bytesOf(POST));
      said.push(describeEvent(event));
    });
    source.next(bytesOf(GET));
    expect(said).toEqual([
      'request GET /a 1.1 null',
      'end',
      'request POST /b 1.1 undefined',
      'data(x) ab',
      'data() c',
      'end t=1',
    ]);
  });

  it('a hold on a data event holds the bytes it is a view of', () => {
    const source = new Subject<Uint8Array>();
    const released: string[] = [];
    const releases: Release[] = [];
    source.pipe(decodeHttp1Messages(client)).subscribe((event) => {
      if (event.type === 'data') releases.push(hold());
    });
    const send = (text: string): void => deliver(source, bytesOf(text), (bytes) => released.push(textOf(bytes)));
    const head = 'HTTP/1.1 200 OK\r\n\r\n';
    send(head);
    send('ab');
    send('cd');
    expect(released).toEqual([head]);
    releases[1]?.();
    releases[0]?.();
    expect(released).toEqual([head, 'cd', 'ab']);
  });
});
