import { firstValueFrom, lastValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../../operators/body/text.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ClientConfig, RequestConfig } from '../../../src/client/request-config.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import type { ServerResponse } from '../../../src/server/server-response.js';
import { serve } from '../../../src/server/serve.js';
import { CookieStore } from '../../../src/stores/cookie-store.js';
import { HstsStore } from '../../../src/stores/hsts-store.js';
import { type Arrived, origins, to } from './origins.js';

const set = (...cookies: string[]): ServerResponse => ({ fields: { 'set-cookie': cookies }, body: 'x' });

/** Makes the requests one after the other with one client; what arrived. */
async function each(
  answer: (request: Arrived, index: number) => ServerResponse,
  config: ClientConfig,
  ...requests: (string | RequestConfig)[]
): Promise<Arrived[]> {
  const { network, arrived } = origins(answer);
  const client = createClient({ network, ...config });
  for (const request of requests) await lastValueFrom(client.request(request).pipe(text()));
  return arrived;
}

const cookiesOf = (arrived: readonly Arrived[]): (string | undefined)[] =>
  arrived.map(({ fields }) => fields['cookie']);

describe('cookies', () => {
  it('there are none unless a store is given', async () => {
    const arrived = await each(() => set('a=1'), {}, 'http://a.test/', 'http://a.test/');
    expect(cookiesOf(arrived)).toEqual([undefined, undefined]);
  });

  it.each(['1.1', '2'] as const)('are kept and sent again over HTTP/%s, one field of them', async (version) => {
    const cookies = new CookieStore();
    const arrived = await each(
      () => set('a=1; path=/', 'b=2; path=/p', 'c=3; secure'),
      { cookies },
      { url: 'http://a.test/p/', version },
      { url: 'http://a.test/p/', version },
      { url: 'http://a.test/', version },
      { url: 'http://b.test/', version },
      { url: 'http://a.test/', version, headers: { cookie: 'own=0' } },
    );
    expect(cookiesOf(arrived)).toEqual([undefined, 'b=2; a=1', 'a=1', undefined, 'own=0; a=1']);
    expect(cookies.size).toBe(4);
  });

  it('are left alone by a request that wants none, on every hop', async () => {
    const cookies = new CookieStore();
    const hop: ServerResponse = { status: 302, fields: { location: '/end', 'set-cookie': 'hop=1' } };
    const arrived = await each(
      ({ url }) => (url.endsWith('/hop') ? hop : set('a=1')),
      { cookies },
      'http://a.test/',
      { url: 'http://a.test/hop', cookies: false },
      { url: 'http://a.test/', cookies: undefined },
    );
    expect(cookiesOf(arrived)).toEqual([undefined, undefined, undefined, 'a=1']);
    expect(cookies.size).toBe(1);
  });

  it('one request subscribed to again sends what was learned', async () => {
    const { network, arrived } = origins((_, index) => set(`n=${index}`));
    const request = createClient({ network, cookies: new CookieStore() }).request('http://a.test/').pipe(text());
    for (let i = 0; i < 3; i++) await lastValueFrom(request);
    expect(cookiesOf(arrived)).toEqual([undefined, 'n=0', 'n=1']);
  });

  it('a body that can be sent once is not sent again as an empty one', async () => {
    const { network } = origins(() => set('a=1'));
    const once = (function* () {
      yield 'x';
    })();
    const request = createClient({ network, cookies: new CookieStore() })
      .request({ url: 'http://a.test/', method: 'POST', body: once })
      .pipe(text());
    await lastValueFrom(request);
    await expect(lastValueFrom(request)).rejects.toMatchObject({ code: 'BODY_CONSUMED' });
  });

  it('are taken and sent on every hop, each by its own origin', async () => {
    const arrived = await each(
      ({ url }) => {
        if (url === 'http://a.test/') return to('/in', 302, { 'set-cookie': 'a=1' });
        return url === 'http://a.test/in' ? to('http://b.test/', 302, { 'set-cookie': 'a=2' }) : set('b=1');
      },
      { cookies: new CookieStore() },
      'http://a.test/',
      'http://b.test/',
    );
    expect(cookiesOf(arrived)).toEqual([undefined, 'a=1', undefined, 'b=1']);
  });

  it('SameSite looks at the site on whose behalf the request is made', async () => {
    const request = { url: 'http://www.a.test/', siteForCookies: 'http://b.test/' };
    const arrived = await each(
      (_, index) => (index === 0 ? set('s=1; samesite=strict', 'l=2; samesite=lax') : { body: '' }),
      { cookies: new CookieStore() },
      'http://www.a.test/',
      'http://www.a.test/',
      { ...request, siteForCookies: 'a.test' },
      request,
      { ...request, topLevel: true },
      { ...request, topLevel: true, method: 'POST' },
    );
    expect(cookiesOf(arrived)).toEqual([undefined, 's=1; l=2', 's=1; l=2', undefined, 'l=2', undefined]);
  });

  it('are those of the URL, whatever the Host field says (row H7)', async () => {
    const cookies = new CookieStore();
    const arrived = await each(
      () => set('a=1'),
      { cookies },
      { url: 'http://a.test/', headers: { host: 'b.test' } },
      'http://b.test/',
    );
    expect(cookiesOf(arrived)).toEqual([undefined, undefined]);
    expect([...cookies].map(({ domain }) => domain)).toEqual(['a.test', 'b.test']);
  });
});

const STS = { 'strict-transport-security': 'max-age=100; includeSubDomains' };
const urls = (arrived: readonly Arrived[]): string[] => arrived.map(({ url }) => url);

describe('HSTS', () => {
  it('a host that wants it is asked over TLS from then on, the ones below it too', async () => {
    const arrived = await each(
      () => ({ fields: STS, body: 'x' }),
      { hsts: new HstsStore() },
      'http://a.test/1',
      'https://a.test/2',
      'http://a.test/3',
      'http://www.a.test:80/4',
      'http://b.test/5',
    );
    expect(urls(arrived)).toEqual([
      'http://a.test/1',
      'https://a.test/2',
      'https://a.test/3',
      'https://www.a.test/4',
      'http://b.test/5',
    ]);
  });

  it('goes before the cookies: a secure one is sent to what was http', async () => {
    const hsts = new HstsStore();
    const cookies = new CookieStore();
    cookies.store('a=1; secure', { url: 'https://a.test/' });
    const arrived = await each(
      () => ({ fields: STS, body: '' }),
      { hsts, cookies },
      'https://a.test/',
      'http://a.test/',
    );
    expect(cookiesOf(arrived)).toEqual(['a=1', 'a=1']);
  });

  it('goes before a redirect is judged: down to http is up again', async () => {
    const arrived = await each(
      ({ url }) =>
        url.endsWith('/1') ? { fields: { ...STS, location: 'http://a.test/2' }, status: 302 } : { body: '' },
      { hsts: new HstsStore() },
      'https://a.test/1',
    );
    expect(urls(arrived)).toEqual(['https://a.test/1', 'https://a.test/2']);
  });

  it('H10 is not learned over http, nor where the certificate was not verified', async () => {
    const network = memoryNetwork({ faults: { certificate: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
    const serving = serve({ network, port: 443, tls: {} }, () => ({ fields: STS })).subscribe();
    const hsts = new HstsStore();
    const client = createClient({ network, hsts, tls: { rejectUnauthorized: false } });
    expect((await firstValueFrom(client.request('https://a.test/'))).status).toBe(200);
    expect(hsts.size).toBe(0);
    serving.unsubscribe();
    await each(() => ({ fields: STS, body: '' }), { hsts }, 'http://a.test/');
    expect(hsts.size).toBe(0);
  });
});
