import { concat, delay, map, mergeMap, NEVER, of, Subject, take, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../operators/body/bytes.js';
import { ProtocolError } from '../../../operators/core/protocol-error.js';
import type { Handler } from '../../../src/server/respond-context.js';
import type { HandlerResult, ServerResponse } from '../../../src/server/server-response.js';
import { eventually, realServer } from './real-server.js';
import { get, inVirtualTime, post } from './world.js';

const boom = new Error('boom');

describe('a handler that goes wrong before its head is out', () => {
  const cases: [name: string, handler: Handler, code: string | undefined][] = [
    [
      'throws',
      () => {
        throw boom;
      },
      undefined,
    ],
    ['errors', () => throwError(() => boom), undefined],
    [
      'errors later',
      () =>
        timer(5).pipe(
          (source) =>
            concat(
              source,
              throwError(() => boom),
            ) as never,
        ),
      undefined,
    ],
    ['completes without a response', () => of(), 'NO_RESPONSE'],
    ['completes after an interim one', () => of({ status: 103 }), 'NO_RESPONSE'],
    ['returns nothing', (() => undefined) as unknown as Handler, 'INVALID_RESPONSE'],
    ['returns text', (() => 'text') as unknown as Handler, 'INVALID_RESPONSE'],
    ['emits null', () => of(null as unknown as ServerResponse), 'INVALID_RESPONSE'],
    ['gives no body source', () => ({ body: 5 as unknown as string }), 'INVALID_BODY'],
    ['K4: CR LF in a value', () => ({ fields: { 'x-a': 'a\r\nx-b: b' }, body: 'x' }), 'INVALID_FIELD_VALUE'],
    ['K4: NUL in a value', () => ({ fields: { 'x-a': 'a\0' }, body: 'x' }), 'INVALID_FIELD_VALUE'],
    [
      'K4: a code unit whose low byte is LF',
      () => ({ fields: { 'x-a': 'a\u010ab' }, body: 'x' }),
      'INVALID_FIELD_VALUE',
    ],
    ['K4: CR LF in a name', () => ({ fields: { 'x\r\ny': 'a' }, body: 'x' }), 'INVALID_FIELD_NAME'],
    [
      'K4: CR LF in a value of a list',
      () => ({ fields: { 'x-a': ['a', 'b\r\n'] as string[] }, status: 204 }),
      undefined,
    ],
    ['K4: CR LF in an entry', () => ({ fields: [['x-a', 'a\nb']] }), 'INVALID_FIELD_VALUE'],
    ['K4: CR LF in the reason', () => ({ reason: 'OK\r\nx-a: b' }), 'INVALID_REASON'],
    ['K4: CR LF in an interim response', () => of({ status: 103, fields: { link: 'a\r\nb' } }), 'INVALID_FIELD_VALUE'],
    ['a status that is none', () => ({ status: 99.5 }), undefined],
    ['a status that is text', () => ({ status: '200\r\n' as unknown as number }), 'INVALID_STATUS'],
    ['a status out of range', () => ({ status: 1000 }), 'INVALID_STATUS'],
    ['a pseudo-field', () => ({ fields: { ':status': '200' } }), undefined],
    [
      "a length that is not the body's",
      () => ({ fields: { 'content-length': '3' }, body: 'four' }),
      'CONFLICTING_LENGTH',
    ],
    [
      'a length and a coding',
      () => ({ fields: { 'content-length': '1', 'transfer-encoding': 'chunked' } }),
      'CONFLICTING_LENGTH',
    ],
    ['a length for 204', () => ({ status: 204, fields: { 'content-length': '1' } }), 'BODY_NOT_ALLOWED'],
    ['101 out of the blue', () => ({ status: 101, upgraded: () => undefined }), 'NOT_UPGRADABLE'],
    ['101 without a taker', () => ({ status: 101 }), 'UPGRADED_MISSING'],
    ['a body that fails at once', () => ({ body: throwError(() => boom) }), undefined],
    ['a rejected promise', () => Promise.reject(boom), undefined],
  ];

  it.each(cases)('%s: 500, an event, and the connection goes on', async (_, handler, code) => {
    const { raw, events } = await realServer((request) => (request.path === '/' ? handler(request) : { body: 'next' }));
    const client = raw().send(get('/') + get('/next'));
    await client.until('next');
    expect(client.statuses.filter((status) => status !== 103)).toEqual([500, 200]);
    expect(client.received).not.toContain('x-b: b');
    const failures = events.filter(({ type }) => type === 'handler-error');
    expect(failures).toMatchObject([{ sent: false, request: { path: '/' } }]);
    if (code !== undefined) expect(failures).toMatchObject([{ error: { code } }]);
  });

  it('K4: a value is coerced once, and what was checked is what is written', async () => {
    const sneaky = (): unknown => {
      let calls = 0;
      return { toString: () => (calls++ === 0 ? 'fine' : 'a\r\nx-smuggled: 1') };
    };
    for (const status of [200, 404]) {
      const { raw } = await realServer(() => ({
        status,
        fields: { 'x-a': sneaky() as string, 'x-list': [sneaky() as string] },
        ...(status === 404 && { reason: 'None' }), // the longer way
      }));
      const client = raw().send(get('/'));
      await client.until('\r\n\r\n');
      expect(client.received).toContain('x-a: fine\r\n');
      expect(client.received).not.toContain('smuggled');
    }
  });

  it('an error of the client passed on by the handler is told as what it is', async () => {
    const tooLarge = new ProtocolError('BODY_LIMIT', 'too large', { wireCode: 413 });
    const { raw } = await realServer(() => throwError(() => tooLarge));
    const client = raw().send(get('/'));
    await client.until('\r\n\r\n');
    expect(client.statuses).toEqual([413]);
  });
});

describe('a body that is to be collected and is too large', () => {
  it('B9: is refused with its first byte where its head has declared as much, over HTTP/1', async () => {
    const { raw } = await realServer(({ body }) => body.pipe(bytes(), map(({ length }) => ({ body: `${length}` })))); // prettier-ignore
    const client = raw().send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10485761\r\n\r\nx');
    await client.closed;
    expect(client.statuses).toEqual([413]);
    const whole = raw().send(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10485760\r\n\r\n${'x'.repeat(10_485_760)}`);
    expect(await whole.until('10485760')).toContain(' 200 ');
  });
});

describe('a handler that goes wrong after its head is out', () => {
  const failing: [string, HandlerResult][] = [
    [
      'the body fails',
      {
        body: concat(of('part'), timer(20).pipe(mergeMap(() => throwError(() => boom)))),
      },
    ],
    ['the body is longer than its length', { fields: { 'content-length': '5' }, body: concat(of('part'), of('more')) }],
    ['the body is shorter than its length', { fields: { 'content-length': '9' }, body: of('part') }],
    ['chunks are neither text nor bytes', { body: concat(of('part'), of(5 as unknown as string)) }],
    [
      'the trailers throw',
      {
        body: of('part'),
        trailers: () => {
          throw boom;
        },
      },
    ],
    ['trailers that frame', { body: of('part'), trailers: { 'content-length': '4' } }],
    ['K4: CR LF in trailers', { body: of('part'), trailers: { 'x-t': 'a\r\nb' } }],
  ];

  it.each(failing)('%s: the client sees the response cut, and the server goes on', async (_, result) => {
    const { raw, events } = await realServer(() => result);
    const client = raw().send(get('/') + get('/'));
    const received = await client.closed;
    expect(client.statuses).toEqual([200]);
    expect(received).not.toMatch(/\r\n0\r\n/);
    expect(events.filter(({ type }) => type === 'handler-error')).toMatchObject([{ sent: true }]);
    const second = raw().send(get('/'));
    await second.closed;
    expect(second.statuses).toEqual([200]);
  });

  it('HTTP/1.0: a body that ends with the connection is reset, not ended', async () => {
    const { raw } = await realServer(() => ({
      body: concat(of('part'), timer(20).pipe(mergeMap(() => throwError(() => boom)))),
    }));
    const client = raw().send('GET / HTTP/1.0\r\n\r\n');
    let code = '';
    client.socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? '';
    });
    await client.closed;
    expect(code).toBe('ECONNRESET');
  });
});

describe('a second final response', () => {
  it('is an event, and ignored', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => of({ body: 'first' }, { body: 'second' }));
        const client = world.connect(get('/').repeat(2));
        world.at(1, () => {
          expect(client.statuses).toEqual([200, 200]);
          expect(client.received).not.toContain('second');
        });
      },
      (world) => {
        expect(world.eventsOf('handler-error')).toMatchObject([
          { error: { code: 'RESPONSE_TWICE' } },
          { error: { code: 'RESPONSE_TWICE' } },
        ]);
      },
    );
  });

  it('a handler that would go on for ever is let go when its response is out', () => {
    const answers = new Subject<ServerResponse>();
    inVirtualTime(
      (world) => {
        world.serve(() => answers);
        const client = world.connect(get('/'));
        world.at(1, () => answers.next({ body: 'x' }));
        world.at(2, () => {
          expect(client.statuses).toEqual([200]);
          expect(answers.observed).toBe(false);
        });
      },
      () => undefined,
    );
  });
});

describe('K6: observers of the server', () => {
  it('that throw are told as warnings; nothing else stops', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', onWarning);
    try {
      const { raw, server } = await realServer(() => ({ body: 'x' }));
      const fail = (): never => {
        throw boom;
      };
      server.events$.subscribe(fail);
      server.connections$.subscribe({ next: fail });
      server.stats$.subscribe({ next: fail }).unsubscribe();
      const client = raw().send(get('/'));
      await client.until('\r\n\r\nx');
      await eventually(() => warnings.filter((warning) => warning === boom).length >= 2);
    } finally {
      process.off('warning', onWarning);
    }
  });
});

describe('a body the handler has no use for', () => {
  it('short: dropped, and the connection goes on', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ method }) => ({ body: method }));
        const client = world.connect(post('/', 60_000, 'x'.repeat(30_000)));
        world.at(10, () => client.send('x'.repeat(30_000) + get('/')));
        world.at(20, () => expect(client.received.match(/POST|GET/g)).toEqual(['POST', 'GET']));
      },
      () => undefined,
    );
  });

  it('short, and there before the handler answers: its credit is given back', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body }) => of({ body: body ? 'x' : '' }).pipe(delay(5)));
        const client = world.connect(post('/', 5, 'hello'));
        world.at(4, () => expect(world.sockets[0]?.heldBytes).toBeGreaterThan(0));
        world.at(6, () => {
          expect(client.statuses).toEqual([200]);
          expect(world.sockets[0]?.heldBytes).toBe(0);
        });
      },
      () => undefined,
    );
  });

  it('A12: longer than 64 KiB: the response says close, and the connection is', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ status: 401 }));
        const client = world.connect(post('/', 100_000, 'x'));
        world.at(1, () => client.send('y'.repeat(99_999) + get('/')));
        world.at(10, () => {
          expect(client.statuses).toEqual([401]);
          expect(client.received).toContain('connection: close');
          expect(client.endedAt).toBe(0);
        });
      },
      () => undefined,
    );
  });

  it('chunked: read up to 64 KiB, then the end', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({}));
        const head = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
        const client = world.connect(head);
        for (let i = 0; i < 5; i++) world.at(i, () => client.send(`4000\r\n${'x'.repeat(16_384)}\r\n`));
        world.at(3, () => expect(client.endedAt).toBeUndefined());
        world.at(5, () => expect(client.endedAt).toBe(4));
      },
      () => undefined,
    );
  });

  it('left half-way: the rest is dropped, and the connection goes on', () => {
    inVirtualTime(
      (world) => {
        world.serve(({ body, method }) =>
          method === 'GET'
            ? {}
            : body.pipe(
                take(1),
                map(({ length }) => ({ body: `${length} bytes` })),
              ),
        );
        const client = world.connect(post('/', 20, 'x'.repeat(10)));
        world.at(5, () => {
          expect(client.received).toContain('10 bytes');
          client.send(`${'x'.repeat(10)}${get('/')}`);
        });
        world.at(6, () => expect(client.statuses).toEqual([200, 200]));
      },
      () => undefined,
    );
  });

  it('read on although the response is complete, to its end', () => {
    let read = 0;
    let ended = false;
    inVirtualTime(
      (world) => {
        world.serve(({ body, path }) => {
          if (path === '/next') return {};
          body.subscribe({
            next: ({ length }) => {
              read += length;
            },
            complete: () => {
              ended = true;
            },
          });
          return { status: 202 };
        });
        const client = world.connect(post('/', 200_000, 'x'.repeat(100_000)));
        world.at(5, () => {
          expect(client.statuses).toEqual([202]);
          client.send(`${'x'.repeat(100_000)}${get('/next')}`);
        });
        world.at(6, () => expect(client.statuses).toEqual([202, 200]));
      },
      () => {
        expect(read).toBe(200_000);
        expect(ended).toBe(true);
      },
    );
  });

  it('is not to be had afterwards', () => {
    const codes: unknown[] = [];
    inVirtualTime(
      (world) => {
        world.serve(({ body }) => {
          world.at(1, () => body.subscribe({ error: ({ code }: { code: unknown }) => codes.push(code) }));
          return {};
        });
        const client = world.connect(post('/', 20, 'x'));
        void client;
      },
      () => expect(codes).toEqual(['ALREADY_SUBSCRIBED']),
    );
  });
});

it('a handler may take its time', () => {
  inVirtualTime(
    (world) => {
      world.serve(() => of({ body: 'x' }).pipe(delay(900_000)));
      const client = world.connect(get('/'));
      world.at(900_001, () => expect(client.statuses).toEqual([200]));
    },
    () => undefined,
  );
});

it('never, if nobody is left', () => {
  inVirtualTime(
    (world) => {
      world.serve(() => NEVER);
      world.connect(get('/'));
    },
    (world) => expect(world.completedAt).toBe(1_000_000),
  );
});
