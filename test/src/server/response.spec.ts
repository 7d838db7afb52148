import { from, interval, map, Observable, of, take, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import type { ServerResponse } from '../../../src/server/server-response.js';
import { get, inVirtualTime, post } from './world.js';

/** All that is sent in answer to `request`. */
function exchange(
  request: string,
  answer: ServerResponse | (() => ServerResponse | Observable<ServerResponse>),
): string {
  let received = '';
  inVirtualTime(
    (world) => {
      world.serve(typeof answer === 'function' ? answer : () => answer, { date: false });
      const client = world.connect(request);
      world.at(4000, () => {
        received = client.received;
      });
    },
    () => undefined,
  );
  return received;
}

/** A body that must not be subscribed to. */
const forbidden = new Observable<Uint8Array>(() => {
  throw new Error('subscribed');
});

describe('the shape of a response', () => {
  it('a string: typed, measured, in one piece', () => {
    expect(exchange(get('/'), { body: 'héllo' })).toBe(
      'HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: 6\r\n\r\nh\u00c3\u00a9llo',
    );
  });

  it('bytes: no type', () => {
    expect(exchange(get('/'), { status: 201, body: new Uint8Array([65, 66]) })).toBe(
      'HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nAB',
    );
  });

  it('nothing: content-length 0', () => {
    expect(exchange(get('/'), {})).toBe('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
  });

  it('own fields, in order, lower-cased; own content-type wins', () => {
    const fields = { 'X-B': '1', 'Content-Type': 'text/html', 'x-list': ['a', 'b'], 'x-number': 5 };
    expect(exchange(get('/'), { fields, body: '<p>' })).toBe(
      'HTTP/1.1 200 OK\r\nx-b: 1\r\ncontent-type: text/html\r\nx-list: a\r\nx-list: b\r\nx-number: 5\r\n' +
        'content-length: 3\r\n\r\n<p>',
    );
  });

  it('Fields, entries and Headers are the same', () => {
    const inits = [new Fields([['x-a', '1']]), [['x-a', '1']] as const, new Headers([['x-a', '1']])];
    for (const fields of inits) {
      expect(exchange(get('/'), { fields, body: 'b' })).toBe(
        'HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: 1\r\n\r\nb',
      );
    }
  });

  it('a stream is chunked, its head sent at once', () => {
    const body = interval(10).pipe(
      take(2),
      map((i) => `part ${i}`),
    );
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body }));
        const client = world.connect(get('/'));
        world.at(1, () => expect(client.received).toContain('transfer-encoding: chunked\r\n\r\n'));
        world.at(11, () => expect(client.received).toContain('6\r\npart 0'));
        world.at(21, () => expect(client.received).toMatch(/6\r\npart 1\r\n0\r\n\r\n$/));
      },
      () => undefined,
    );
  });

  it('a stream with a Content-Length of the handler is measured', () => {
    expect(exchange(get('/'), { fields: { 'content-length': '4' }, body: ['ab', 'cd'] })).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd',
    );
  });

  it('a large body comes in slices, whole', () => {
    const body = Buffer.alloc(300_000, 'y');
    expect(exchange(get('/'), { body })).toBe(
      `HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n${'y'.repeat(300_000)}`,
    );
  });

  it('forms and blobs bring their type', () => {
    expect(exchange(get('/'), { body: new URLSearchParams({ a: '1' }) })).toContain(
      'content-type: application/x-www-form-urlencoded;charset=UTF-8\r\ncontent-length: 3\r\n\r\na=1',
    );
  });

  it('a reason of its own', () => {
    expect(exchange(get('/'), { status: 200, reason: 'Fine' })).toMatch(/^HTTP\/1\.1 200 Fine\r\n/);
  });

  it('a status without a registered reason', () => {
    expect(exchange(get('/'), { status: 299 })).toBe('HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n');
  });
});

describe('responses without content', () => {
  it('trap 10: 204 has no Content-Length and no body', () => {
    expect(exchange(get('/'), { status: 204 })).toBe('HTTP/1.1 204 No Content\r\n\r\n');
    expect(exchange(get('/'), { status: 204, body: forbidden })).toBe('HTTP/1.1 204 No Content\r\n\r\n');
  });

  it('304 neither, whatever the handler gives', () => {
    expect(exchange(get('/'), { status: 304, body: 'not sent', fields: { etag: '"1"' } })).toBe(
      'HTTP/1.1 304 Not Modified\r\netag: "1"\r\n\r\n',
    );
  });

  it('205 says 0', () => {
    expect(exchange(get('/'), { status: 205, body: 'not sent' })).toContain('content-length: 0\r\n');
  });

  it('trap 11: HEAD keeps a known length, and the body is never subscribed', () => {
    const head = get('/').replace('GET', 'HEAD');
    expect(exchange(head, { body: 'hello' })).toBe(
      'HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: 5\r\n\r\n',
    );
    expect(exchange(head, { body: forbidden })).toBe('HTTP/1.1 200 OK\r\n\r\n');
    expect(exchange(head, { body: forbidden, fields: { 'content-length': '7' } })).toBe(
      'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n',
    );
    expect(exchange(head, { body: new Blob(['12345']) })).toContain('content-length: 5\r\n');
  });

  it('the connection goes on after each of them', () => {
    const head = get('/').replace('GET', 'HEAD');
    const received = exchange(head + get('/204') + get('/'), () => of({ body: 'x' }));
    expect(received.match(/HTTP\/1\.1/g)).toHaveLength(3);
  });
});

describe('trap 15: HTTP/1.0', () => {
  const old = (...lines: string[]): string => ['GET / HTTP/1.0', ...lines, '', ''].join('\r\n');

  it('closes without keep-alive', () => {
    const received = exchange(old() + old(), { body: 'x' });
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
    expect(received).toContain('connection: close\r\n');
  });

  it('keeps with it, and says so', () => {
    const received = exchange(old('connection: keep-alive').repeat(2), { body: 'x' });
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(received.match(/connection: keep-alive\r\n/g)).toHaveLength(2);
  });

  it('a stream ends with the connection', () => {
    expect(exchange(old('connection: keep-alive'), { body: ['a', 'b'] })).toBe(
      'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nab',
    );
  });

  it('gets no interim response and no trailers', () => {
    const received = exchange(old(), () => of({ status: 103 }, { body: 'x', trailers: { 'x-t': '1' } }));
    expect(received).not.toContain('103');
    expect(received).not.toContain('x-t');
  });
});

describe('interim responses', () => {
  it('come first, as many as there are', () => {
    const received = exchange(get('/'), () =>
      of({ status: 103, fields: { link: '</a>' } }, { status: 103, fields: { link: '</b>' } }, { body: 'x' }),
    );
    expect(received).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nlink: <\/b>\r\n\r\nHTTP\/1\.1 200/,
    );
  });

  it('have no body', () => {
    expect(exchange(get('/'), () => of({ status: 103, body: 'x' }))).toMatch(/^HTTP\/1\.1 500/);
  });
});

describe('trap 17: trailers', () => {
  it('of a response: after the body, made when it has ended', () => {
    let ended = false;
    const body = from(['a', 'b']).pipe(tap({ complete: () => (ended = true) }));
    const trailers = (): Record<string, string> => ({ 'x-ended': String(ended) });
    expect(exchange(get('/'), { body, trailers })).toMatch(/1\r\nb\r\n0\r\nx-ended: true\r\n\r\n$/);
    expect(exchange(get('/'), { body: 'whole', trailers: { 'x-t': '1' } })).toMatch(
      /5\r\nwhole\r\n0\r\nx-t: 1\r\n\r\n$/,
    );
    expect(exchange(get('/'), { trailers: { 'x-t': '1' } })).toMatch(/\r\n\r\n0\r\nx-t: 1\r\n\r\n$/);
  });

  it('of a request: readable before the end of the body is told', () => {
    const seen: string[] = [];
    inVirtualTime(
      (world) => {
        world.serve(({ body, trailers }) => {
          trailers.subscribe((fields) => seen.push(`trailers ${fields.get('x-t')}`));
          return new Observable((subscriber) =>
            body.subscribe({
              next: (chunk) => seen.push(String.fromCharCode(...chunk)),
              complete: () => {
                seen.push('end');
                subscriber.next({});
                subscriber.complete();
              },
            }),
          );
        });
        const head = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
        world.connect(`${head}3\r\nabc\r\n0\r\nx-t: yes\r\n\r\n`);
      },
      () => undefined,
    );
    expect(seen).toEqual(['abc', 'trailers yes', 'end']);
  });

  it('of a request without a body, or without trailers: an empty list', () => {
    const sizes: number[] = [];
    inVirtualTime(
      (world) => {
        world.serve(({ trailers }) => {
          trailers.subscribe((fields) => sizes.push(fields.size));
          return {};
        });
        world.connect(get('/') + post('/', 2, 'ab'));
      },
      () => expect(sizes).toEqual([0, 0]),
    );
  });
});

describe('Date', () => {
  it('is of the scheduler, a new one each second', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ body: 'x' }));
        const client = world.connect(get('/'));
        world.at(999, () => client.send(get('/')));
        world.at(1000, () => client.send(get('/')));
        world.at(3500, () => client.send(get('/')));
        world.at(3600, () => {
          const seconds = [...client.received.matchAll(/date: Thu, 01 Jan 1970 00:00:(\d\d) GMT/g)].map(([, s]) => s);
          expect(seconds).toEqual(['00', '00', '01', '03']);
        });
      },
      () => undefined,
    );
  });

  it("a handler's own is kept", () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ fields: { date: 'Sun, 06 Nov 1994 08:49:37 GMT' }, body: 'x' }));
        const client = world.connect(get('/'));
        world.at(1, () => expect(client.received.match(/date:/g)).toHaveLength(1));
      },
      () => undefined,
    );
  });
});

describe('trap 14: TE: gzip', () => {
  it('a body of unknown length is coded, and really with gzip', () => {
    // The coding itself is tested where it lives; the bytes come from zlib, which virtual time cannot wait for.
    const received = exchange(get('/', 'te: gzip', 'connection: te'), { body: ['a', 'b'] });
    expect(received).toContain('transfer-encoding: gzip, chunked\r\n');
  });

  it('not one of known length, nor one that is coded already, nor where it is not asked for or off', () => {
    expect(exchange(get('/', 'te: gzip'), { body: 'ab' })).not.toContain('gzip');
    const coded = { body: ['a'], fields: { 'content-encoding': 'gzip' } };
    expect(exchange(get('/', 'te: gzip'), coded)).not.toContain('transfer-encoding: gzip');
    expect(exchange(get('/', 'te: gzip;q=0'), { body: ['a'] })).not.toContain('gzip');
    expect(exchange(get('/', 'te: trailers'), { body: ['a'] })).not.toContain('gzip');
  });

  it('trap 7: a malformed TE is 400, and closes', () => {
    for (const te of ['gzip;q=2', '=', 'a b', 'gzip;q', '"', 'gzip;q=1.0001']) {
      const received = exchange(get('/', `te: ${te}`) + get('/'), { body: 'x' });
      expect(received, te).toMatch(/^HTTP\/1\.1 400/);
      expect(received.match(/HTTP\/1\.1/g), te).toHaveLength(1);
    }
  });
});
