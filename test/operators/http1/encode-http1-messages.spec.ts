import { concat, from, map, NEVER, Observable, of, take, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { deliver, hold, type Release } from '../../../operators/core/deliver.js';
import { Fields } from '../../../operators/http/fields.js';
import { decodeHttp1Messages } from '../../../operators/http1/decode-http1-messages.js';
import { type AnsweredRequest, encodeHttp1Messages } from '../../../operators/http1/encode-http1-messages.js';
import type { Http1Event } from '../../../operators/http1/event.js';
import { randomCuts } from '../../support/every-split.js';
import { runMarbles } from '../../support/marbles.js';
import { bytesOf, textOf } from './support.js';

const request = (init: Partial<Extract<Http1Event, { type: 'request' }>> = {}): Http1Event => ({
  type: 'request',
  method: 'POST',
  target: '/',
  version: '1.1',
  fields: new Fields({ host: 'a' }),
  bodyLength: undefined,
  ...init,
});
const response = (init: Partial<Extract<Http1Event, { type: 'response' }>> = {}): Http1Event => ({
  type: 'response',
  status: 200,
  reason: 'OK',
  version: '1.1',
  fields: new Fields(),
  bodyLength: undefined,
  ...init,
});
const informational = (status: number): Http1Event => ({
  type: 'informational',
  status,
  reason: '',
  version: '1.1',
  fields: new Fields(),
});
const data = (text: string, extension = ''): Http1Event => ({ type: 'data', chunk: bytesOf(text), extension });
const end = (trailers?: Fields): Http1Event => ({ type: 'end', trailers });

/** All that was written, and how it ended. */
function write(
  events: Observable<Http1Event>,
  role: 'client' | 'server',
  answered?: AnsweredRequest,
): [string, string] {
  let text = '';
  let ending = 'open';
  const config = answered === undefined ? { role } : { role, request: () => answered };
  events.pipe(encodeHttp1Messages(config)).subscribe({
    next: (bytes) => (text += textOf(bytes)),
    error: (error: { code?: string; message: string }) => (ending = error.code ?? error.message),
    complete: () => (ending = 'complete'),
  });
  return [text, ending];
}

describe('encodeHttp1Messages: requests', () => {
  it('writes heads, bodies, trailers', () => {
    const events = of(
      request({ method: 'GET', bodyLength: null }),
      end(),
      request(),
      data('hello'),
      data(''),
      data('x', 'e=1'),
      end(new Fields({ t: '1' })),
      request({ bodyLength: 2 }),
      data('a'),
      data('b'),
      end(),
    );
    expect(write(events, 'client')).toEqual([
      'GET / HTTP/1.1\r\nhost: a\r\n\r\n' +
        'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1;e=1\r\nx\r\n0\r\nt: 1\r\n\r\n' +
        'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nab',
      'complete',
    ]);
  });

  it('writes large chunks as they are', () => {
    const chunk = new Uint8Array(10_000);
    const written: Uint8Array[] = [];
    from([request(), { type: 'data', chunk, extension: '' } as const, end()])
      .pipe(encodeHttp1Messages({ role: 'client' }))
      .subscribe((bytes) => written.push(bytes));
    expect(written.includes(chunk)).toBe(true);
  });

  it('CONNECT, and what goes through the tunnel', () => {
    const events: Observable<Http1Event> = of<Http1Event[]>(
      request({ method: 'CONNECT', target: 'a:1', bodyLength: null, version: '1.0' }),
      end(),
      { type: 'upgrade', leftover: bytesOf('x') },
      data('raw'),
    );
    expect(write(events, 'client')).toEqual(['CONNECT a:1 HTTP/1.0\r\nhost: a\r\n\r\nxraw', 'complete']);
  });

  it('completes after a request that ends the connection', () => {
    const last = request({ fields: new Fields({ host: 'a', connection: 'close' }), bodyLength: 0 });
    const [text, ending] = write(concat(of(last, end(), request()), NEVER), 'client');
    expect([text.split('POST').length, ending]).toEqual([2, 'complete']);
  });
});

describe('encodeHttp1Messages: responses', () => {
  it('writes interim and final responses', () => {
    expect(
      write(of(informational(103), response({ bodyLength: 2 }), data('hi'), end(), response(), end()), 'server'),
    ).toEqual([
      'HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi' +
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      'complete',
    ]);
  });

  it('leaves out a body that may not be', () => {
    const head: AnsweredRequest = { method: 'HEAD', version: '1.1' };
    expect(write(of(response({ bodyLength: 2 }), data('hi'), end()), 'server', head)[0]).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n',
    );
    expect(write(of(response({ status: 204, reason: '' }), data('hi'), end(new Fields({ a: '1' }))), 'server')).toEqual(
      ['HTTP/1.1 204 \r\n\r\n', 'complete'],
    );
  });

  it('HTTP/1.0: until the end of the connection, or kept alive', () => {
    const version = '1.0';
    expect(write(concat(of(response(), data('hi'), end()), NEVER), 'server', { method: 'GET', version })).toEqual([
      'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhi',
      'complete',
    ]);
    const kept = { method: 'GET', version, keepAlive: true } as const;
    expect(write(concat(of(response({ bodyLength: 0 }), end()), NEVER), 'server', kept)).toEqual([
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n',
      'open',
    ]);
  });

  it('101 and what follows', () => {
    const events = of<Http1Event[]>(
      response({ status: 101, reason: 'Switching', fields: new Fields({ upgrade: 'x' }) }),
      { type: 'upgrade', leftover: new Uint8Array(0) },
      data('raw'),
    );
    expect(write(events, 'server')).toEqual(['HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\nraw', 'complete']);
  });
});

describe('encodeHttp1Messages: refusals', () => {
  it.each([
    ['client', [response()], 'ILLEGAL_EVENT'],
    ['client', [informational(103)], 'ILLEGAL_EVENT'],
    ['client', [data('x')], 'ILLEGAL_EVENT'],
    ['client', [end()], 'ILLEGAL_EVENT'],
    ['client', [request(), request()], 'ILLEGAL_EVENT'],
    ['server', [request()], 'ILLEGAL_EVENT'],
    ['server', [response(), informational(103)], 'ILLEGAL_EVENT'],
    ['server', [response(), end(), data('x')], 'ILLEGAL_EVENT'],
    ['server', [informational(101)], 'INVALID_STATUS'],
    ['server', [informational(200)], 'INVALID_STATUS'],
    ['client', [request({ bodyLength: 1 }), data('ab')], 'CONTENT_LENGTH_EXCEEDED'],
    ['client', [request({ bodyLength: 1 }), end()], 'CONTENT_LENGTH_SHORT'],
    ['client', [request({ fields: new Fields() })], 'INVALID_HOST'],
    ['client', [request({ target: 'x' })], 'INVALID_TARGET'],
    ['client', [request(), data('x', '=')], 'INVALID_CHUNK_EXTENSION'],
    ['client', [request(), end(new Fields({ te: 'x' }))], 'FORBIDDEN_TRAILER'],
    ['server', [response({ reason: 'a\r\nb' })], 'INVALID_REASON'],
  ] as [role: 'client' | 'server', Http1Event[], string][])('%s %j: %s', (role, events, code) => {
    expect(write(from(events), role)[1]).toBe(code);
  });

  it('HTTP/1.0 gets no interim response', () => {
    const answered = { method: 'GET', version: '1.0' } as const;
    expect(write(of(informational(100)), 'server', answered)).toEqual(['', 'INFORMATIONAL_NOT_ALLOWED']);
  });
});

describe('encodeHttp1Messages: as an operator', () => {
  it('empty, failing sources, early leaving', () => {
    expect(write(of<Http1Event>(), 'client')).toEqual(['', 'complete']);
    expect(
      write(
        throwError(() => new Error('x')),
        'client',
      ),
    ).toEqual(['', 'x']);
    const pieces: string[] = [];
    of(request(), data('a'.repeat(5000)), end())
      .pipe(encodeHttp1Messages({ role: 'client' }), take(2))
      .subscribe((bytes) => pieces.push(textOf(bytes)));
    expect(pieces).toHaveLength(2);
    expect(pieces[1]).toBe('1388\r\n');
    runMarbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<Http1Event>('-r----', { r: request() });
      expectObservable(
        source.pipe(
          encodeHttp1Messages({ role: 'client' }),
          map(() => 'h'),
        ),
        '---!',
      ).toBe('-h----');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('a hold on the bytes holds the event', () => {
    const releases: Release[] = [];
    let released = 0;
    new Observable<Http1Event>((to) => {
      deliver(to, request(), () => released++);
      deliver(to, data('x'), () => released++);
    })
      .pipe(encodeHttp1Messages({ role: 'client' }))
      .subscribe(() => releases.push(hold()));
    expect(released).toBe(0);
    releases[0]?.();
    expect(released).toBe(1);
  });
});

describe('round trip', () => {
  const requests = [
    'GET /a HTTP/1.1\r\nhost: a\r\nx: 1\r\nx: 2\r\n\r\n',
    'POST /b HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello',
    'POST /c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;e="\\" x"\r\nab\r\n1\r\nc\r\n0\r\nt: 1\r\n\r\n',
    'PUT /d HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n',
    'GET http://a/ HTTP/1.0\r\nconnection: close\r\n\r\n',
  ];
  const responses = [
    'HTTP/1.1 103 Early\r\nlink: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
    'HTTP/1.1 204 \r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n',
    'HTTP/1.1 200 Odd Reason\r\ntransfer-encoding: chunked\r\n\r\nff\r\n' + 'x'.repeat(255) + '\r\n0\r\nt: 1\r\n\r\n',
  ];

  it('what was decoded is encoded to the same bytes', () => {
    const asked = requests.join('');
    const decodedRequests = of(bytesOf(asked)).pipe(decodeHttp1Messages({ role: 'server' }));
    expect(write(decodedRequests, 'client')).toEqual([asked, 'complete']);
    const answered = responses.join('');
    const decodedResponses = of(bytesOf(answered)).pipe(decodeHttp1Messages({ role: 'client' }));
    expect(write(decodedResponses, 'server')).toEqual([answered, 'complete']);
  });

  it('and however it was cut, to bytes that decode to the same', () => {
    for (let seed = 0; seed < 50; seed++) {
      const pieces = from(randomCuts(bytesOf(requests.join('')), seed));
      const [text] = write(pieces.pipe(decodeHttp1Messages({ role: 'server' })), 'client');
      const bodies = (source: Observable<Uint8Array>): string => {
        let body = '';
        source.pipe(decodeHttp1Messages({ role: 'server' })).subscribe((event) => {
          if (event.type === 'data') body += textOf(event.chunk);
          else if (event.type === 'request') body += `<${event.method} ${event.target} ${String(event.fields)}>`;
          else if (event.type === 'end') body += `</${String(event.trailers ?? '')}>`;
        });
        return body;
      };
      expect(bodies(of(bytesOf(text)))).toBe(bodies(of(bytesOf(requests.join('')))));
    }
  });
});
