import { delay, map, mergeMap, of, reduce, timer, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ServerRequest } from '../../../src/server/server-request.js';
import type { ServerResponse } from '../../../src/server/server-response.js';
import { get, inVirtualTime } from './world.js';

const expecting = (length: number, value = '100-continue'): string =>
  `POST / HTTP/1.1\r\nhost: a\r\nexpect: ${value}\r\ncontent-length: ${length}\r\n\r\n`;

const readsAll = ({ body }: ServerRequest): Observable<ServerResponse> =>
  body.pipe(
    reduce((bytes, { length }) => bytes + length, 0),
    map((bytes) => ({ body: `read ${bytes}` })),
  );

/** Thinks, then reads. */
const readsAfter =
  (milliseconds: number) =>
  (request: ServerRequest): Observable<ServerResponse> =>
    timer(milliseconds).pipe(mergeMap(() => readsAll(request)));

describe('Expect: 100-continue', () => {
  it('is answered by the first subscription to the body, and the connection goes on', () => {
    inVirtualTime(
      (world) => {
        world.serve(readsAll);
        const client = world.connect(expecting(5));
        world.at(1, () => {
          expect(client.received).toBe('HTTP/1.1 100 Continue\r\n\r\n');
          client.send('hello');
        });
        world.at(2, () => {
          expect(client.statuses).toEqual([100, 200]);
          expect(client.received).toContain('read 5');
          client.send(get('/'));
        });
        world.at(3, () => expect(client.statuses).toEqual([100, 200, 200]));
      },
      () => undefined,
    );
  });

  it('no sooner', () => {
    inVirtualTime(
      (world) => {
        world.serve(readsAfter(10));
        const client = world.connect(expecting(5));
        world.at(9, () => expect(client.received).toBe(''));
        world.at(11, () => expect(client.received).toBe('HTTP/1.1 100 Continue\r\n\r\n'));
      },
      () => undefined,
    );
  });

  it('not at all where the handler answers without the body: that closes', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => ({ status: 401 }));
        const client = world.connect(expecting(5));
        world.at(1, () => {
          expect(client.statuses).toEqual([401]);
          expect(client.received).toContain('connection: close');
          expect(client.endedAt).toBe(0);
        });
      },
      () => undefined,
    );
  });

  it('not where the body has begun to come', () => {
    inVirtualTime(
      (world) => {
        world.serve(readsAfter(2));
        const client = world.connect(`${expecting(5)}hel`);
        world.at(1, () => client.send('lo'));
        world.at(5, () => {
          expect(client.statuses).toEqual([200]);
          expect(client.received).toContain('read 5');
        });
      },
      () => undefined,
    );
  });

  it('only once it is its turn, behind a slow response', () => {
    inVirtualTime(
      (world) => {
        world.serve((request) => (request.method === 'GET' ? of({ body: 'slow' }).pipe(delay(10)) : readsAll(request)));
        const client = world.connect(get('/') + expecting(3));
        world.at(9, () => expect(client.received).toBe(''));
        world.at(11, () => {
          expect(client.statuses).toEqual([200, 100]);
          client.send('abc');
        });
        world.at(12, () => expect(client.statuses).toEqual([200, 100, 200]));
      },
      () => undefined,
    );
  });

  it('the handler may say it itself', () => {
    inVirtualTime(
      (world) => {
        world.serve(() => of({ status: 100 }, { status: 204 }));
        const client = world.connect(expecting(3));
        world.at(1, () => client.send(`abc${get('/')}`));
        world.at(2, () => expect(client.statuses).toEqual([100, 204, 204]));
      },
      () => undefined,
    );
  });

  it('without a body there is nothing to continue', () => {
    inVirtualTime(
      (world) => {
        world.serve(readsAll);
        const client = world.connect(get('/', 'expect: 100-continue').repeat(2));
        world.at(1, () => expect(client.statuses).toEqual([200, 200]));
      },
      () => undefined,
    );
  });

  it('HTTP/1.0 has no 100', () => {
    inVirtualTime(
      (world) => {
        world.serve(readsAll);
        const client = world.connect('POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n');
        world.at(1, () => {
          expect(client.received).toBe('');
          client.send('abc');
        });
        world.at(2, () => expect(client.statuses).toEqual([200]));
      },
      () => undefined,
    );
  });
});

describe('another expectation', () => {
  it('is 417, and no handler sees it', () => {
    let calls = 0;
    inVirtualTime(
      (world) => {
        world.serve(() => {
          calls++;
          return {};
        });
        const client = world.connect(expecting(3, 'a-miracle'));
        world.at(1, () => expect(client.statuses).toEqual([417]));
      },
      (world) => {
        expect(calls).toBe(0);
        expect(world.eventsOf('refused')).toMatchObject([{ status: 417, error: { code: 'EXPECTATION_FAILED' } }]);
      },
    );
  });
});
