import {
  EMPTY,
  map,
  NEVER,
  Observable,
  of,
  retry,
  throwError,
  timer,
  timeout,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ExchangeRequest } from '../../../operators/exchange/exchange-request.js';
import { followRedirects, type FollowRedirectsConfig } from '../../../operators/exchange/follow-redirects.js';
import { Fields } from '../../../operators/http/fields.js';
import { marbles } from '../../support/marbles.js';
import { seen } from '../body/bodies.js';
import { FakeClient, to, type Answer, type FakeResponse } from './fake-exchange.js';

/** Sends a request to a site whose first answers are the given ones; what was sent, and how it ended. */
function follow(request: ExchangeRequest, answers: Answer[], config?: FollowRedirectsConfig) {
  const client = new FakeClient((_, number) => answers[number] ?? {});
  const end = seen(
    client.request(request).pipe(
      followRedirects(config),
      map(({ status, url }) => `${status} ${url}`),
    ),
  );
  return {
    client,
    end,
    urls: client.sent.map(({ url }) => String(url)),
    methods: client.sent.map((one) => one.method),
  };
}

const A = 'https://a.test/x/y?q=1';

describe('where it goes', () => {
  it.each([
    ['/z', 'https://a.test/z'],
    ['z', 'https://a.test/x/z'],
    ['../z?w', 'https://a.test/z?w'],
    ['?z=2', 'https://a.test/x/y?z=2'],
    ['', 'https://a.test/x/y?q=1'],
    ['//b.test/z', 'https://b.test/z'],
    ['https://b.test:8443', 'https://b.test:8443/'],
    ['https://u:p%40@b.test/', 'https://u:p%40@b.test/'],
    ['/a b|\u00e9', 'https://a.test/a%20b%7C%E9'],
    ['https://xn--bcher-kva.test/', 'https://xn--bcher-kva.test/'],
  ])('%j goes to %s', (location, url) => {
    expect(follow({ url: A }, [to(location)]).urls[1]).toBe(url);
  });

  it.each(['/a\\b', 'https:\\\\b.test/', 'https://b.test:x/', 'https://', 'https://[::1/', 'https://b test/'])(
    '%j goes nowhere',
    (location) => {
      expect(follow({ url: A }, [to(location)]).end).toEqual(['error BAD_LOCATION']);
    },
  );

  it('two locations are none, and no location is an end', () => {
    const two = { status: 302, fields: { location: ['/a', '/b'] } };
    expect(follow({ url: A }, [two]).end).toEqual(['error BAD_LOCATION']);
    expect(follow({ url: A }, [{ status: 302 }]).end).toEqual([`302 ${A}`, 'complete']);
  });

  it.each([200, 201, 300, 304, 305, 306, 399, 404, 500])('%i is not followed', (status) => {
    expect(follow({ url: A }, [to('/z', status)]).end).toEqual([`${status} ${A}`, 'complete']);
  });

  it('maxRedirects: met exactly, and passed by one', () => {
    const endless = Array.from({ length: 20 }, (_, i) => to(`/${i}`));
    expect(follow({ url: A }, endless.slice(0, 5)).end).toEqual(['200 https://a.test/4', 'complete']);
    expect(follow({ url: A }, endless.slice(0, 6)).end).toEqual(['error REDIRECT_LIMIT']);
    expect(follow({ url: A }, endless, { maxRedirects: 0 }).end).toEqual(['error REDIRECT_LIMIT']);
    expect(follow({ url: A }, endless, { maxRedirects: 7 }).client.sent).toHaveLength(8);
    expect(() => followRedirects({ maxRedirects: NaN })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('WebSocket handshakes go where ws and wss say, other requests do not', () => {
    const upgrade = 'websocket';
    expect(follow({ url: A, upgrade }, [to('wss://b.test/s')]).urls[1]).toBe('https://b.test/s');
    expect(follow({ url: 'http://a.test/', upgrade }, [to('ws://b.test/s')]).urls[1]).toBe('http://b.test/s');
    expect(follow({ url: A, upgrade }, [to('ws://b.test/s')]).end).toEqual(['error REDIRECT_DOWNGRADE']);
    expect(follow({ url: A }, [to('wss://b.test/s')]).end).toEqual(['error REDIRECT_SCHEME']);
  });

  it('CONNECT may go to another proxy, and to no path', () => {
    const request = { url: 'http://p.test:3128', method: 'CONNECT', target: 'a.test:443' };
    const { client } = follow(request, [to('http://q.test:3128', 307)]);
    expect(client.sent[1]).toMatchObject({ url: 'http://q.test:3128/', method: 'CONNECT', target: 'a.test:443' });
    expect(follow(request, [to('http://q.test/x', 307)]).end).toEqual(['error BAD_LOCATION']);
  });

  it('upgrade rewrites before https to http is judged, allow has the last word', () => {
    const upgrade = (url: string): string => url.replace('http://b.test', 'https://b.test');
    expect(follow({ url: A }, [to('http://b.test/')], { upgrade }).urls[1]).toBe('https://b.test/');
    const refused = follow({ url: A }, [to('https://b.test/')], { allow: (url) => !url.includes('b.test') });
    expect(refused.end).toEqual(['error REDIRECT_REFUSED']);
  });
});

describe('the method and the body', () => {
  const headers = { 'content-type': 'text/plain', 'content-language': 'en', expect: '100-continue', 'x-own': '1' };

  it.each([
    [301, 'GET', 'GET'],
    [301, 'POST', 'GET'],
    [301, 'PUT', 'PUT'],
    [301, 'HEAD', 'HEAD'],
    [302, 'POST', 'GET'],
    [302, 'DELETE', 'DELETE'],
    [303, 'GET', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'DELETE', 'GET'],
    [307, 'POST', 'POST'],
    [307, 'PUT', 'PUT'],
    [308, 'POST', 'POST'],
  ])('%i turns %s into %s', (status, before, after) => {
    const body = before === 'GET' || before === 'HEAD' ? undefined : 'text';
    const { client } = follow({ url: A, method: before, headers, body, trailers: { x: '1' } }, [to('/z', status)]);
    expect(client.sent[1]?.method).toBe(after);
    const kept = body !== undefined && before === after;
    expect(client.sent[1]?.body).toBe(kept ? 'text' : undefined);
    expect(client.sent[1]?.trailers).toEqual(kept ? { x: '1' } : undefined);
    expect(client.fields(1)).toEqual(kept ? headers : { 'x-own': '1' });
  });

  it('post301 and post302 keep it', () => {
    const post = { url: A, method: 'POST', body: 'x' };
    expect(follow(post, [to('/z', 301)], { post301: true }).methods).toEqual(['POST', 'POST']);
    expect(follow(post, [to('/z', 302)], { post302: true }).methods).toEqual(['POST', 'POST']);
    expect(follow(post, [to('/z', 302)], { post301: true }).methods).toEqual(['POST', 'GET']);
    expect(follow(post, [to('/z', 303)], { post301: true, post302: true }).methods).toEqual(['POST', 'GET']);
  });

  it('a target of its own is for the first hop', () => {
    expect(follow({ url: A, target: '*', method: 'OPTIONS' }, [to('/z')]).client.sent[1]).not.toHaveProperty('target');
  });

  it('the request is not changed', () => {
    const request = Object.freeze({ url: A, headers: Object.freeze({ a: '1', b: '2' }) });
    follow(request, [to('https://b.test/')]);
    expect(request).toEqual({ url: A, headers: { a: '1', b: '2' } });
  });
});

describe('what goes along', () => {
  it('on the same origin everything, also the credentials of the URL', () => {
    const headers = {
      authorization: 'Bearer x',
      cookie: 'a=b',
      host: 'other.test',
      'x-own': '1',
      referer: 'https://r/',
    };
    const { client, urls } = follow({ url: 'https://u:p@a.test/', headers, socketPath: '/s', tls: { cert: 'c' } }, [
      to('/z'),
    ]);
    expect(client.fields(1)).toEqual(headers);
    expect(urls[1]).toBe('https://u:p@a.test/z');
    expect(client.sent[1]).toMatchObject({ socketPath: '/s', tls: { cert: 'c' } });
  });

  it('to another origin nothing that names anybody', () => {
    const tls = { cert: 'c', key: 'k', pfx: 'p', passphrase: 's', secureContext: {}, servername: 'n', ca: 'a' };
    const headers = {
      authorization: 'x',
      cookie: 'x',
      host: 'x',
      'x-own': 'x',
      referer: 'https://r/',
      accept: '*/*',
      range: 'bytes=1-',
    };
    const { client, urls } = follow({ url: 'https://u:p@a.test/', headers, socketPath: '/s', tls }, [
      to('https://b.test/'),
    ]);
    expect(client.fields(1)).toEqual({ accept: '*/*', range: 'bytes=1-' });
    expect(urls[1]).toBe('https://b.test/');
    expect(client.sent[1]?.socketPath).toBeUndefined();
    expect(client.sent[1]?.tls).toEqual({ ca: 'a' });
  });

  it('a body that is sent again takes its description along', () => {
    const headers = { 'content-type': 'text/plain', 'x-own': '1' };
    const { client } = follow({ url: A, method: 'POST', body: 'x', headers }, [to('https://b.test/', 307)]);
    expect(client.fields(1)).toEqual({ 'content-type': 'text/plain' });
  });

  it('fields never to be indexed stay so', () => {
    const headers = new Fields().append('x-key', '1', { neverIndex: true });
    const { client } = follow({ url: A, headers }, [to('/z')]);
    expect([...new Fields(client.sent[1]?.headers)]).toEqual([{ name: 'x-key', value: '1', neverIndex: true }]);
  });

  it('the referer, if it is wanted: without userinfo and fragment, and not from https to http', () => {
    const config = { referer: true, unsafe: true };
    const steps = [to('/b'), to('http://c.test/'), to('/d')];
    const { client } = follow({ url: 'https://u:p@a.test/a?q#f' }, steps, config);
    expect([1, 2, 3].map((at) => client.fields(at)['referer'])).toEqual([
      'https://a.test/a?q',
      undefined,
      'http://c.test/',
    ]);
    expect(follow({ url: A }, [to('/b')]).client.fields(1)).toEqual({});
  });
});

describe('hops', () => {
  it('are told before they are made; a throw ends the chain', () => {
    const hops: unknown[] = [];
    follow({ url: 'http://a.test/', method: 'POST' }, [to('http://u:p@b.test/#f'), to('/c', 307)], {
      onRedirect: (hop) => hops.push(hop),
    });
    expect(hops).toEqual([
      { status: 302, from: 'http://a.test/', to: 'http://b.test/', method: 'GET', hop: 1 },
      { status: 307, from: 'http://b.test/', to: 'http://b.test/c', method: 'GET', hop: 2 },
    ]);
    const stopped = follow({ url: A }, [to('/z')], {
      onRedirect() {
        throw Object.assign(new Error('no'), { code: 'MINE' });
      },
    });
    expect(stopped.end).toEqual(['error MINE']);
    expect(stopped.client.sent).toHaveLength(1);
  });

  it('the body of a redirect is read up to 64 KiB, then cancelled; the next hop waits for that', () => {
    for (const [count, ends] of [
      [64, 'complete'],
      [65, 'cancelled'],
    ] as const) {
      let end = '';
      const chunk = new Uint8Array(1024);
      const body = new Observable<Uint8Array>((subscriber) => {
        for (let i = 0; i < count && !subscriber.closed; i++) subscriber.next(chunk);
        end = subscriber.closed ? 'cancelled' : 'complete';
        subscriber.complete();
      });
      expect(follow({ url: A }, [{ ...to('/z'), body }]).end).toEqual(['200 https://a.test/z', 'complete']);
      expect(end).toBe(ends);
    }
    const failing = { ...to('/z'), body: throwError(() => new Error('reset')) };
    expect(follow({ url: A }, [failing]).end).toEqual(['200 https://a.test/z', 'complete']);
  });

  it('the body of a redirect that is refused is let go', () => {
    let released = false;
    const body = new Observable<Uint8Array>(() => () => (released = true));
    expect(follow({ url: A }, [{ ...to('ftp://b.test/'), body }]).end).toEqual(['error REDIRECT_SCHEME']);
    expect(released).toBe(true);
  });

  it('a chain of bodies without end leaves none of them open', () => {
    let open = 0;
    const body = new Observable<Uint8Array>((subscriber) => {
      open++;
      subscriber.next(new Uint8Array(70_000));
      return () => void open--;
    });
    const client = new FakeClient((_, at) => ({ ...to(`/${at}`), body }));
    expect(seen(client.request({ url: A }).pipe(followRedirects()))).toEqual(['error REDIRECT_LIMIT']);
    expect(open).toBe(0);
  });

  it('none, an error, several responses', () => {
    expect(seen(EMPTY.pipe(followRedirects<FakeResponse>()))).toEqual(['complete']);
    expect(seen(throwError(() => ({ code: 'X' })).pipe(followRedirects<FakeResponse>()))).toEqual(['error X']);
    const client = new FakeClient((_, number) => of(...(number === 0 ? [to('/z'), {}] : [{ status: 201 }])));
    const statuses = client.request({ url: A }).pipe(
      followRedirects(),
      map(({ status }) => status),
    );
    expect(seen(statuses)).toEqual([201, 200, 'complete']);
  });

  it(
    'redirect, timeout, retry and cancel in one diagram',
    marbles((m) => {
      const late = (milliseconds: number, answer: Answer): Observable<Answer> =>
        timer(milliseconds).pipe(map(() => answer));
      // The first try is redirected to a server that hangs, the second one is answered.
      const client = new FakeClient(({ url }, number) =>
        String(url).endsWith('/b') ? (number === 1 ? NEVER : late(3, {})) : late(2, to('/b')),
      );
      const inTime: MonoTypeOperatorFunction<FakeResponse> = timeout(10);
      const statuses = client.request({ url: 'https://a.test/a' }).pipe(
        followRedirects(),
        inTime,
        retry({ count: 1, delay: 5 }),
        map(({ status }) => String(status)),
      );
      m.expect(statuses).toBeObservable('20ms (x|)', { x: '200' });
    }),
  );

  it(
    'leaving between hops cancels the one under way',
    marbles((m) => {
      const pending = m.cold<Answer>('-----|');
      const client = new FakeClient((_, number) => (number === 0 ? of(to('/b')) : pending));
      m.expect(client.request({ url: A }).pipe(followRedirects()), '--!').toBeObservable('---');
      m.expect(pending).toHaveSubscriptions('^-!');
    }),
  );
});
