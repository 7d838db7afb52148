/** Attacks through redirects and on credentials, by row of the attack catalogue (G): the part the operators answer. */
import { map, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ExchangeRequest } from '../../operators/exchange/exchange-request.js';
import { followRedirects, type FollowRedirectsConfig } from '../../operators/exchange/follow-redirects.js';
import { Fields, type FieldsInit } from '../../operators/http/fields.js';
import { seen } from '../operators/body/bodies.js';
import { FakeClient, to } from '../operators/exchange/fake-exchange.js';

function chain(request: ExchangeRequest, locations: string[], config?: FollowRedirectsConfig, status = 302) {
  const client = new FakeClient((_, at) => (locations[at] === undefined ? {} : to(locations[at], status)));
  const end = seen(
    client.request(request).pipe(
      followRedirects(config),
      map((response) => response.status),
    ),
  );
  return { client, end };
}

const SECRETS = { authorization: 'Bearer s', cookie: 'a=s', 'x-api-key': 's', 'proxy-authorization': 'Basic s' };
const FROM = 'https://www.a.test/';

describe('G: redirects', () => {
  it.each([
    ['host', 'https://b.test/'],
    ['port', 'https://www.a.test:8443/'],
    ['scheme', 'http://www.a.test/'],
    ['subdomain', 'https://a.test/'],
    ['subdomain of it', 'https://x.www.a.test/'],
  ])('G1 another %s: credentials and cookies are stripped', (_, location) => {
    const { client } = chain({ url: FROM, headers: { ...SECRETS, accept: 'x' } }, [location], { unsafe: true });
    expect(client.fields(1)).toEqual({ accept: 'x' });
  });

  it('G1 the same origin spelt otherwise keeps them', () => {
    const { client } = chain({ url: FROM, headers: SECRETS }, ['HTTPS://WWW.A.TEST:443/z']);
    expect(client.fields(1)).toEqual(SECRETS);
  });

  it('G2 proxy credentials do not follow to a direct host', () => {
    const { client } = chain({ url: FROM, headers: { 'proxy-authorization': 'Basic s' } }, ['https://b.test/']);
    expect(client.fields(1)).toEqual({});
  });

  it.each([
    'x-api-key',
    'x-auth-token',
    'private-token',
    'if-none-match',
    'origin',
    'forwarded',
    'x-' + 'y'.repeat(50),
  ])('G3 a field nobody has heard of is absent: %s', (name) => {
    expect(chain({ url: FROM, headers: { [name]: 's' } }, ['https://b.test/']).client.fields(1)).toEqual({});
  });

  it('G4 what was stripped does not come back: a to b to b, and b to a', () => {
    const { client } = chain({ url: FROM, headers: SECRETS }, ['https://b.test/', '/z', FROM]);
    expect([1, 2, 3].map((at) => client.fields(at))).toEqual([{}, {}, {}]);
  });

  it.each([
    ['an object', { ...SECRETS, Accept: 'x' }],
    ['tuples', [...Object.entries(SECRETS), ['ACCEPT', 'x']] as [string, string][]],
    ['an iterator', new Map<string, string>([...Object.entries(SECRETS), ['accept', 'x']])],
    ['Headers', new Headers({ ...SECRETS, accept: 'x' })],
    ['Fields', new Fields({ ...SECRETS, accept: 'x' })],
    ['lists', { Authorization: ['s', 't'], COOKIE: ['a', 'b'], accept: 'x' }],
  ] as [string, FieldsInit][])('G5 stripped from %s alike', (_, headers) => {
    expect(chain({ url: FROM, headers }, ['https://b.test/']).client.fields(1)).toEqual({ accept: 'x' });
  });

  it.each([
    'https://evil-www.a.test/',
    'https://www.a.test.evil.test/',
    'https://www.a.test@evil.test/',
    'https://evil.test/www.a.test',
  ])('G6 exact origin only: %s', (location) => {
    expect(chain({ url: FROM, headers: SECRETS }, [location]).client.fields(1)).toEqual({});
  });

  it('G6 a zone in an address is refused', () => {
    expect(chain({ url: FROM, headers: SECRETS }, ['https://[::1%25.www.a.test]/']).end).toEqual([
      'error BAD_LOCATION',
    ]);
  });

  it.each([
    ['http://www.a.test/', 'REDIRECT_DOWNGRADE'],
    ['file:///etc/passwd', 'REDIRECT_SCHEME'],
    ['ftp://www.a.test/', 'REDIRECT_SCHEME'],
    ['data:text/plain,x', 'REDIRECT_SCHEME'],
    ['javascript:alert(1)', 'REDIRECT_SCHEME'],
    ['gopher://www.a.test:25/x', 'REDIRECT_SCHEME'],
  ])('G7 https to %s is refused', (location, code) => {
    const { client, end } = chain({ url: FROM }, [location]);
    expect(end).toEqual([`error ${code}`]);
    expect(client.sent).toHaveLength(1);
  });

  it('G7 at any hop, and only an explicit true lets it pass', () => {
    expect(chain({ url: FROM }, ['/b', 'https://b.test/', 'http://b.test/']).end).toEqual(['error REDIRECT_DOWNGRADE']);
    expect(chain({ url: FROM }, ['http://b.test/'], { unsafe: true }).end).toEqual([200, 'complete']);
    // Through https and back: the hop from http to https is fine, the one down again is not.
    expect(chain({ url: 'http://a.test/' }, ['https://a.test/', 'http://a.test/']).end).toEqual([
      'error REDIRECT_DOWNGRADE',
    ]);
  });

  it.each([
    [
      'a generator',
      (function* () {
        yield 'x';
      })(),
    ],
    ['a web stream', new Blob(['x']).stream()],
  ])('G8 a body that is gone, %s: a clear error, and nothing is sent', (_, body) => {
    const { client, end } = chain({ url: FROM, method: 'POST', body }, ['/z'], {}, 307);
    expect(end).toEqual(['error BODY_CONSUMED']);
    expect(client.sent).toHaveLength(1);
  });

  it.each([
    ['text', 'x'],
    ['bytes', new Uint8Array(1)],
    ['an array', ['x']],
    ['a form', new URLSearchParams('a=b')],
    ['a cold Observable', of('x')],
  ])('G8 a body that can be sent again, %s, is', (_, body) => {
    expect(chain({ url: FROM, method: 'POST', body }, ['/z'], {}, 308).client.sent[1]?.body).toBe(body);
  });

  it('G8 303 is GET without the body and what describes it', () => {
    const headers = {
      'content-type': 'a/b',
      'content-encoding': 'gzip',
      'content-length': '1',
      'transfer-encoding': 'chunked',
    };
    const { client } = chain({ url: FROM, method: 'PUT', body: 'x', headers }, ['/z'], {}, 303);
    expect(client.sent[1]).toMatchObject({ method: 'GET' });
    expect(client.sent[1]).not.toHaveProperty('body');
    expect(client.fields(1)).toEqual({});
  });

  it('G9 no referer unless it is asked for, and then without userinfo and fragment', () => {
    const url = 'https://u:s@www.a.test/p#f';
    expect(chain({ url }, ['/z']).client.fields(1)).toEqual({});
    expect(chain({ url }, ['https://b.test/'], { referer: true }).client.fields(1)).toEqual({
      referer: 'https://www.a.test/p',
    });
    expect(chain({ url }, ['http://b.test/'], { referer: true, unsafe: true }).client.fields(1)).toEqual({});
  });

  it('G11 odd forms of an address are canonical before they are judged', () => {
    const judged: string[] = [];
    const allow = (url: string): boolean => {
      judged.push(url);
      return false;
    };
    for (const host of ['0x7f.1', '2130706433', '0177.0.0.1', '127.1', '①②⑦.0.0.1']) {
      const ascii = encodeURI(host); // as bytes of UTF-8, percent-encoded
      expect(chain({ url: FROM }, [`https://${ascii}/`], { allow }).end).toEqual(['error REDIRECT_REFUSED']);
    }
    expect(new Set(judged)).toEqual(new Set(['https://127.0.0.1/']));
  });
});
