import { concat, firstValueFrom, lastValueFrom, map, mergeMap, NEVER, tap, timer, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { answerChallenges } from '../../../operators/exchange/answer-challenges.js';
import { followRedirects } from '../../../operators/exchange/follow-redirects.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ExchangeEvent } from '../../../src/client/exchange-event.js';
import type { ClientConfig, RequestConfig } from '../../../src/client/request-config.js';
import type { Response } from '../../../src/client/response.js';
import type { ConnectTarget, Network } from '../../../src/sockets/network.js';
import { runMarbles } from '../../support/marbles.js';
import { type Arrived, origins, to } from './origins.js';
import { turns, until } from './raw-server.js';

const hop = ({ method, url, body }: Arrived): string => `${method} ${url}${body === '' ? '' : ` ${body}`}`;

/** Asks, with these locations on the way, and tells what was asked. */
async function chain(
  request: RequestConfig,
  locations: readonly string[],
  status = 302,
  config: ClientConfig = {},
): Promise<{ response: Response; arrived: Arrived[] }> {
  const { network, arrived } = origins((_, index) =>
    index < locations.length ? to(locations[index] as string, status) : { body: 'end' },
  );
  const response = await firstValueFrom(createClient({ network, ...config }).request(request));
  return { response, arrived };
}

const SECRETS = { authorization: 'Bearer s', cookie: 'a=s', 'proxy-authorization': 'Basic s', 'x-api-key': 's' };
const named = Object.keys(SECRETS);
const secretsOf = ({ fields }: Arrived): string[] => named.filter((name) => name in fields);

describe('a redirect', () => {
  it.each([
    [301, 'GET', 'GET'],
    [302, 'GET', 'GET'],
    [303, 'GET', 'GET'],
    [307, 'GET', 'GET'],
    [308, 'GET', 'GET'],
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST x'],
    [308, 'POST', 'POST x'],
    [301, 'PUT', 'PUT x'],
    [303, 'PUT', 'GET'],
    [308, 'DELETE', 'DELETE x'],
  ])('%i of %s is asked again as %s', async (status, method, expected) => {
    const body = method === 'GET' ? undefined : 'x';
    const { response, arrived } = await chain({ url: 'http://a.test/1', method, body }, ['/2'], status);
    const [again, sent] = expected.split(' ');
    expect(hop(arrived[1] as Arrived)).toBe(`${again} http://a.test/2${sent === undefined ? '' : ' x'}`);
    expect('content-type' in (arrived[1] as Arrived).fields).toBe(sent !== undefined);
    expect([response.status, response.url, response.request.method]).toEqual([200, 'http://a.test/2', again]);
    expect(await lastValueFrom(response.body.pipe(text()))).toBe('end');
  });

  it.each([
    [301, { post301: true }],
    [302, { post302: true }],
  ])('%i keeps POST where it is told so', async (status, config) => {
    const sent = { url: 'http://a.test/1', method: 'POST', body: 'x' };
    expect(hop((await chain({ ...sent, ...config }, ['/2'], status)).arrived[1] as Arrived)).toBe(
      'POST http://a.test/2 x',
    );
    expect(hop((await chain(sent, ['/2'], status, config)).arrived[1] as Arrived)).toBe('POST http://a.test/2 x');
  });

  it.each([
    ['https://b.test/z', 'https://b.test/z'],
    ['//b.test/z', 'https://b.test/z'],
    ['/z', 'https://a.test/z'],
    ['z', 'https://a.test/d/z'],
    ['../z', 'https://a.test/z'],
    ['?z', 'https://a.test/d/e?z'],
    ['', 'https://a.test/d/e?q'],
    ['#f', 'https://a.test/d/e?q'],
    ['https://a.test:8443/', 'https://a.test:8443/'],
  ])('to %j leads to %s', async (location, expected) => {
    const { response, arrived } = await chain({ url: 'https://a.test/d/e?q' }, [location]);
    expect(arrived[1]?.url).toBe(expected);
    expect(response.url).toBe(expected);
  });

  it.each([300, 304, 305, 306, 399])('%i is none', async (status) => {
    const { response, arrived } = await chain({ url: 'http://a.test/' }, ['/2'], status);
    expect([response.status, arrived.length]).toEqual([status, 1]);
  });

  it('without Location is a response', async () => {
    const { network } = origins(() => ({ status: 302 }));
    for (const redirect of ['follow', 'error'] as const) {
      expect(
        (await firstValueFrom(createClient({ network }).request({ url: 'http://a.test/', redirect }))).status,
      ).toBe(302);
    }
  });

  it('is followed over HTTP/2 too', async () => {
    const { response, arrived } = await chain({ url: 'http://a.test/1', version: '2' }, ['/2', 'http://b.test/3']);
    expect([response.version, response.url]).toEqual(['2', 'http://b.test/3']);
    expect(arrived.map(({ url }) => url)).toEqual(['http://a.test/1', 'http://a.test/2', 'http://b.test/3']);
  });
});

describe('what redirects are allowed to do', () => {
  it('manual gives them back, error refuses them; a request wins over its client', async () => {
    const manual = await chain({ url: 'http://a.test/', redirect: 'manual' }, ['/2']);
    expect([manual.response.status, manual.arrived.length]).toEqual([302, 1]);
    expect(await lastValueFrom(manual.response.body.pipe(text()))).toBe('moved');
    await expect(chain({ url: 'http://a.test/', redirect: 'error' }, ['/2'])).rejects.toMatchObject({
      code: 'REDIRECT_REFUSED',
    });
    const both = await chain({ url: 'http://a.test/', redirect: 'follow' }, ['/2'], 302, { redirect: 'manual' });
    expect(both.response.status).toBe(200);
  });

  it('maxRedirects hops, and not one more', async () => {
    const five = ['/1', '/2', '/3', '/4', '/5'];
    expect((await chain({ url: 'http://a.test/' }, five)).response.url).toBe('http://a.test/5');
    await expect(chain({ url: 'http://a.test/' }, [...five, '/6'])).rejects.toMatchObject({
      code: 'REDIRECT_LIMIT',
      limit: 'maxRedirects',
    });
    await expect(chain({ url: 'http://a.test/', maxRedirects: 0 }, ['/1'])).rejects.toMatchObject({
      code: 'REDIRECT_LIMIT',
    });
    expect((await chain({ url: 'http://a.test/' }, five, 302, { maxRedirects: 5 })).arrived).toHaveLength(6);
  });

  it('from https to http they are refused, at any hop, unless it is unsafe', async () => {
    const code = 'REDIRECT_DOWNGRADE';
    await expect(chain({ url: 'https://a.test/' }, ['http://a.test/'])).rejects.toMatchObject({ code });
    await expect(chain({ url: 'http://a.test/' }, ['https://a.test/', 'http://b.test/'])).rejects.toMatchObject({
      code,
    });
    const { response } = await chain({ url: 'https://a.test/', unsafe: true }, ['http://a.test/']);
    expect(response.url).toBe('http://a.test/');
  });

  it.each([
    ['file:///etc/passwd', 'REDIRECT_SCHEME'],
    ['http://a b/', 'BAD_LOCATION'],
  ])('to %s fails', async (location, code) => {
    await expect(chain({ url: 'http://a.test/' }, [location])).rejects.toMatchObject({ code });
  });

  it('a body that can be sent only once fails clearly where it is wanted again', async () => {
    const once = (function* () {
      yield 'x';
    })();
    await expect(chain({ url: 'http://a.test/', method: 'POST', body: once }, ['/2'], 307)).rejects.toMatchObject({
      name: 'UsageError',
      code: 'BODY_CONSUMED',
    });
  });

  it('referer is sent where it is wanted, by a client or a request', async () => {
    const refererOf = async (request: RequestConfig, config?: ClientConfig) =>
      (await chain(request, ['/2', 'https://b.test/'], 302, config)).arrived.map(({ fields }) => fields['referer']);
    const url = 'https://u:p@a.test/1#f';
    const sent = [undefined, 'https://a.test/1', 'https://a.test/2'];
    expect(await refererOf({ url, referer: true })).toEqual(sent);
    expect(await refererOf({ url }, { referer: true })).toEqual(sent);
    expect(await refererOf({ url, referer: false }, { referer: true })).toEqual([undefined, undefined, undefined]);
    const down = await chain({ url, referer: true, unsafe: true }, ['http://a.test/']);
    expect(down.arrived[1]?.fields).not.toHaveProperty('referer');
  });

  it('a CONNECT is sent to another authority, and to no path', async () => {
    const connect = { url: 'http://a.test/', method: 'CONNECT', target: 'c.test:443' };
    const { arrived } = await chain(connect, ['http://b.test/']);
    expect(arrived.map(({ method }) => method)).toEqual(['CONNECT', 'CONNECT']);
    await expect(chain(connect, ['http://b.test/path'])).rejects.toMatchObject({ code: 'BAD_LOCATION' });
  });

  it.each([{ redirect: 'always' as never }, { maxRedirects: -1 }, { maxRedirects: NaN }])(
    '%j makes no sense',
    async (config) => {
      expect(() => createClient(config)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
      await expect(firstValueFrom(createClient().request({ url: 'http://a.test/', ...config }))).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      });
    },
  );
});

describe('across origins', () => {
  it.each([
    ['host', 'https://b.test/'],
    ['port', 'https://a.test:8443/'],
    ['scheme', 'http://a.test/'],
    ['subdomain', 'https://www.a.test/'],
  ])('another %s is not told the secrets of the request, nor those of the client', async (_, location) => {
    const own = await chain({ url: 'https://a.test/', headers: SECRETS, unsafe: true }, [location]);
    expect(own.arrived.map(secretsOf)).toEqual([named, []]);
    const client = await chain({ url: 'https://a.test/', unsafe: true }, [location], 302, {
      headers: { ...SECRETS, accept: 'text/html', 'user-agent': 'me' },
    });
    expect(client.arrived.map(secretsOf)).toEqual([named, []]);
    expect(client.arrived[1]?.fields).toMatchObject({ accept: 'text/html', 'user-agent': 'me' });
  });

  it('the same origin is told them again', async () => {
    const { arrived } = await chain({ url: 'https://a.test/' }, ['HTTPS://A.TEST:443/2'], 302, { headers: SECRETS });
    expect(arrived.map(secretsOf)).toEqual([named, named]);
  });

  it('what was dropped does not come back on the way back, over either version', async () => {
    for (const version of ['1.1', '2'] as const) {
      const { arrived } = await chain(
        { url: 'http://a.test/', version },
        ['http://b.test/', '/2', 'http://a.test/'],
        302,
        {
          headers: SECRETS,
        },
      );
      expect(arrived.map(secretsOf)).toEqual([named, [], [], []]);
    }
  });

  it('userinfo stays with its origin, and comes from the location', async () => {
    const { arrived } = await chain({ url: 'https://u:p@a.test/' }, ['/2', 'https://b.test/', 'https://x:y@b.test/']);
    const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
    expect(arrived.map(({ fields }) => fields['authorization'])).toEqual([
      basic('u:p'),
      basic('u:p'),
      undefined,
      basic('x:y'),
    ]);
  });

  it('a client certificate, its key, and the names of the first origin stay behind', async () => {
    const { network } = origins(({ url }) => (url === 'https://a.test/' ? to('https://b.test/') : { body: 'end' }));
    const targets: ConnectTarget[] = [];
    const watched: Network = {
      ...network,
      connect: (target) => network.connect(target).pipe(tap({ subscribe: () => targets.push(target) })),
    };
    const tls = { ca: 'ca', cert: 'c', key: 'k', servername: 'a.test', verifyName: 'a.test' };
    await firstValueFrom(createClient({ network: watched, tls }).request('https://a.test/'));
    await firstValueFrom(createClient({ network: watched }).request({ url: 'https://a.test/', tls }));
    expect(targets.map((target) => target.tls)).toEqual([tls, { ca: 'ca' }, tls, { ca: 'ca' }]);
  });
});

describe('the life of a redirected exchange', () => {
  it('its hops are events', async () => {
    const { network } = origins((_, index) => (index === 0 ? to('/2', 307) : { body: 'end' }));
    const events = await lastValueFrom(
      createClient({ network }).requestEvents({ url: 'http://a.test/1', method: 'POST', body: 'x' }).pipe(toArray()),
    );
    const types = ['queued', 'connecting', 'connected', 'upload', 'sent', 'head'];
    expect(events.map(({ type }) => type)).toEqual(
      [
        ...types,
        'redirect',
        ...types.filter((type) => type !== 'connecting' && type !== 'queued'),
        'body',
        'end',
      ].flatMap((type, i) => (i === 7 ? ['queued', type] : [type])),
    );
    expect(
      events.find((event): event is Extract<ExchangeEvent, { type: 'redirect' }> => event.type === 'redirect'),
    ).toEqual({
      type: 'redirect',
      status: 307,
      from: 'http://a.test/1',
      to: 'http://a.test/2',
      method: 'POST',
      hop: 1,
    });
    expect(events.filter(({ type }) => type === 'connecting')).toHaveLength(1);
  });

  it('uses a connection again', async () => {
    const { network } = origins((_, index) => (index < 3 ? to(`/${index}`) : { body: 'end' }));
    let connections = 0;
    const counted: Network = {
      ...network,
      connect: (target) => network.connect(target).pipe(tap(() => connections++)),
    };
    await firstValueFrom(createClient({ network: counted }).request('http://a.test/'));
    expect(connections).toBe(1);
  });

  it('unsubscribing ends it, on whatever hop', async () => {
    const { network, arrived } = origins(({ url }) =>
      url.endsWith('/1')
        ? to('/2')
        : url.endsWith('/2')
          ? { status: 302, fields: { location: '/3' }, body: NEVER }
          : { body: 'end' },
    );
    const client = createClient({ network });
    const cancelled: string[] = [];
    client.events$.subscribe((event) => cancelled.push(`${event.type} ${event.url}`));
    const subscription = client.request('http://a.test/1').subscribe();
    await until(() => arrived.length === 2, 'the second hop arrived');
    await turns();
    expect(arrived.map(({ url }) => url)).toEqual(['http://a.test/1', 'http://a.test/2']);
    subscription.unsubscribe();
    await turns();
    expect(cancelled).toEqual(['cancelled http://a.test/2']);
    await lastValueFrom(client.close(), { defaultValue: undefined });
  });

  it('closing the client waits for it', async () => {
    const { network, arrived } = origins((_, index) => (index < 2 ? to(`http://h${index}.test/`) : { body: 'end' }));
    const client = createClient({ network });
    const body = lastValueFrom(client.request('http://a.test/').pipe(text()));
    await lastValueFrom(client.close(), { defaultValue: undefined });
    expect(arrived).toHaveLength(3);
    expect(await body).toBe('end');
  });

  it('its time in all runs from the first hop on', () => {
    runMarbles(({ scheduler, expectObservable, flush }) => {
      const { network } = origins((_, index) => (index < 9 ? to(`/${index}`) : { body: 'end' }), {
        scheduler,
        latency: 2,
      });
      const client = createClient({ network, scheduler, timeout: { total: 15 }, maxRedirects: 9 });
      // 4 ms a hop, 2 for the connection: it is on its fourth when the time is up.
      const failed = client.request('http://a.test/').pipe(map(({ url }) => url));
      expectObservable(failed).toBe(
        '15ms #',
        undefined,
        expect.objectContaining({ code: 'TIMEOUT_TOTAL', milliseconds: 15 }),
      );
      flush();
    });
  });

  it('each subscription is a chain of its own', async () => {
    const { network, arrived } = origins(({ url }) => (url.endsWith('/2') ? { body: 'end' } : to('/2')));
    const request = createClient({ network }).request('http://a.test/1').pipe(text());
    expect(await lastValueFrom(concat(request, request).pipe(toArray()))).toEqual(['end', 'end']);
    expect(arrived).toHaveLength(4);
  });
});

describe('reissue', () => {
  it('is cold, asks with the same client, and follows nothing', async () => {
    const { network, arrived } = origins(({ url }) => (url.endsWith('/1') ? { body: 'one' } : to('/1')));
    const client = createClient({ network, headers: SECRETS });
    const first = await firstValueFrom(client.request('http://a.test/1'));
    const again = first.reissue({ ...first.request, url: 'http://a.test/2' });
    await turns();
    expect(arrived).toHaveLength(1);
    const second = await firstValueFrom(again);
    expect([second.status, second.url]).toEqual([302, 'http://a.test/2']);
    const other = await firstValueFrom(second.reissue({ url: 'http://b.test/1' }));
    expect(other.status).toBe(200);
    expect(arrived.map(secretsOf)).toEqual([named, named, []]);
  });

  it('is what the operators over responses use', async () => {
    const { network, arrived } = origins(({ url, fields }, index) => {
      if (index < 2) return to(`/${index}`);
      if (fields['authorization'] !== undefined) return { body: `in, at ${url}` };
      return { status: 401, fields: { 'www-authenticate': 'Basic realm="r"' } };
    });
    const client = createClient({ network });
    const body = client
      .request({ url: 'http://a.test/', redirect: 'manual' })
      .pipe(
        followRedirects(),
        answerChallenges({ origin: 'http://a.test', username: 'u', password: 'p', nonce: () => 'n', basic: true }),
        text(),
      );
    expect(await lastValueFrom(body)).toBe('in, at http://a.test/1');
    expect(arrived).toHaveLength(4);
  });

  it('fails once the client is closed', async () => {
    const { network } = origins(() => ({ body: 'x' }));
    const client = createClient({ network });
    const response = await firstValueFrom(client.request('http://a.test/'));
    await lastValueFrom(concat(response.body, timer(0).pipe(mergeMap(() => client.close()))), {
      defaultValue: undefined,
    });
    await expect(firstValueFrom(response.reissue({ url: 'http://a.test/' }))).rejects.toMatchObject({
      code: 'CLIENT_CLOSED',
    });
  });
});
