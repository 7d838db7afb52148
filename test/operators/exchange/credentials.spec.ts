import { createHash } from 'node:crypto';
import { EMPTY, map, Observable, of as just } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { answerChallenges } from '../../../operators/exchange/answer-challenges.js';
import { parseChallenges } from '../../../operators/exchange/challenge.js';
import { authorize, basicCredentials, bearerCredentials } from '../../../operators/exchange/credentials.js';
import { digestCredentials, digestStrength } from '../../../operators/exchange/digest.js';
import type { ExchangeRequest } from '../../../operators/exchange/exchange-request.js';
import { ProtectionSpace, type ProtectionSpaceConfig } from '../../../operators/exchange/protection-space.js';
import { followRedirects } from '../../../operators/exchange/follow-redirects.js';
import { Fields } from '../../../operators/http/fields.js';
import { seen } from '../body/bodies.js';
import { FakeClient, to, type Answer, type FakeResponse } from './fake-exchange.js';

const challenges = (...lines: string[]) =>
  parseChallenges(lines).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('parseChallenges', () => {
  it.each([
    [['Basic realm="a, b"'], [['basic', { realm: 'a, b' }]]],
    [
      ['Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"'],
      [
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
        ['basic', { realm: 'simple' }],
      ],
    ],
    [
      ['Negotiate', 'NTLM TlRMTVNTUAAC=='],
      [
        ['negotiate', {}],
        ['ntlm', {}],
      ],
    ],
    [
      ['Negotiate, Basic realm=x'],
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [[', , Basic realm = "x" ,'], [['basic', { realm: 'x' }]]],
    [['Digest realm="x" , nonce = "n", qop=auth'], [['digest', { realm: 'x', nonce: 'n', qop: 'auth' }]]],
    [['Basic realm="x'], []],
    [['realm="x"'], []],
    [['Basic realm="x", realm="y"'], [['basic', { realm: 'x' }]]],
    [[], []],
  ] as [string[], unknown[]][])('%j', (lines, found) => {
    expect(challenges(...lines)).toEqual(found);
  });
});

describe('Basic and Bearer', () => {
  it('RFC 7617 §2 and §2.1, RFC 6750 §2.1', () => {
    expect(basicCredentials('Aladdin', 'open sesame')).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
    expect(basicCredentials('test', '123£')).toBe('Basic dGVzdDoxMjPCow==');
    expect(bearerCredentials('mF_9.B5f-4.1JqM==')).toBe('Bearer mF_9.B5f-4.1JqM==');
  });

  it.each([
    () => basicCredentials('a:b', 'c'),
    () => basicCredentials('a\n', 'c'),
    () => basicCredentials('a', '\x7f'),
    () => bearerCredentials(''),
    () => bearerCredentials('=='),
    () => bearerCredentials('a b'),
    () => bearerCredentials('a=b'),
    () => bearerCredentials('é'),
  ])('refuses what cannot be sent (%#)', (make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_CREDENTIALS' }));
  });

  it('authorize keeps them with their origin', () => {
    const of = (request: ExchangeRequest) =>
      new Fields(authorize(request, 'https://a.test', 'Bearer t').headers).get('authorization');
    expect(of({ url: 'https://A.test:443/x' })).toBe('Bearer t');
    expect(of({ url: 'https://a.test/', headers: { Authorization: 'own' } })).toBe('own');
    for (const url of ['http://a.test/', 'https://a.test:444/', 'https://www.a.test/', 'https://a.test.b.test/']) {
      expect(of({ url })).toBeUndefined();
    }
  });
});

describe('Digest', () => {
  const parameters = {
    realm: 'http-auth@example.org',
    qop: 'auth, auth-int',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
  };
  const challenge = (more: Record<string, string>) => ({
    scheme: 'digest',
    parameters: new Map(Object.entries({ ...parameters, ...more })),
  });
  const user = { username: 'Mufasa', password: 'Circle of Life' };
  const asked = {
    method: 'GET',
    uri: '/dir/index.html',
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    count: 1,
  };
  const response = (text: string): string | undefined => /response="([0-9a-f]+)"/.exec(text)?.[1];

  it('RFC 7616 §3.9.1: MD5 and SHA-256', () => {
    expect(response(digestCredentials(challenge({ algorithm: 'MD5' }), user, asked))).toBe(
      '8ca523f5e9506fed4657c9700eebdbec',
    );
    expect(digestCredentials(challenge({ algorithm: 'SHA-256' }), user, asked)).toBe(
      'Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
        'uri="/dir/index.html", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", ' +
        'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", ' +
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    );
  });

  it('RFC 2617 §3.5 and RFC 2069: no algorithm, no qop', () => {
    const old = { realm: 'testrealm@host.com', nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093' };
    const mufasa = { username: 'Mufasa', password: 'Circle Of Life' };
    const with2617 = { scheme: 'digest', parameters: new Map(Object.entries({ ...old, qop: 'auth' })) };
    expect(response(digestCredentials(with2617, mufasa, { ...asked, cnonce: '0a4f113b' }))).toBe(
      '6629fae49393a05397450978507c4ef1',
    );
    const without = digestCredentials({ scheme: 'digest', parameters: new Map(Object.entries(old)) }, mufasa, asked);
    expect(response(without)).toBe('670fd8c2df070c60b045671b8b24ff02');
    expect(without).not.toContain('cnonce');
  });

  it('-sess, user hash, and names beyond ASCII', () => {
    const sess = digestCredentials(challenge({ algorithm: 'MD5-sess' }), user, asked);
    expect(response(sess)).not.toBe('8ca523f5e9506fed4657c9700eebdbec');
    expect(sess).toContain('algorithm=MD5-sess');
    const doe = { username: 'J\u00e4s\u00f8n Doe', password: 'Secret, or not?' };
    const plain = digestCredentials(challenge({}), doe, asked);
    expect(plain).toContain("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe");
    const hashed = digestCredentials(
      challenge({ algorithm: 'SHA-512-256', userhash: 'true', realm: 'api@example.org' }),
      doe,
      asked,
    );
    expect(hashed).toMatch(/^Digest username="[0-9a-f]{64}", /);
    expect(hashed).toMatch(/userhash=true$/);
  });

  it('the bytes of a realm count, and a name keeps to attr-char', () => {
    const realm = Buffer.from('Bücherei').toString('latin1'); // as a field brings it
    const header = digestCredentials(challenge({ algorithm: 'SHA-256', realm }), { ...user, password: 'ß' }, asked);
    const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
    const used = `${parameters.nonce}:00000001:${asked.cnonce}:auth`;
    expect(response(header)).toBe(hash(`${hash('Mufasa:Bücherei:ß')}:${used}:${hash('GET:/dir/index.html')}`));
    expect(header).toContain(`realm="${realm}"`);
    const named = digestCredentials(challenge({}), { ...user, username: "é(*)'!" }, asked);
    expect(named).toContain("username*=UTF-8''%C3%A9%28%2A%29%27!,");
  });

  it('auth-int covers the body: where it is the only one offered, and the body is known', () => {
    const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
    for (const [body, text] of [
      ['h\u00e4', 'h\u00e4'],
      [Buffer.from('bytes'), 'bytes'],
      [new URLSearchParams('a=b c'), 'a=b+c'],
      [undefined, ''],
    ] as const) {
      const posted = { ...asked, method: 'POST', body };
      const header = digestCredentials(challenge({ algorithm: 'SHA-256', qop: 'auth-int' }), user, posted);
      const secret = hash(`Mufasa:${parameters.realm}:Circle of Life`);
      const covered = hash(`POST:/dir/index.html:${hash(text)}`);
      const used = `${parameters.nonce}:00000001:${asked.cnonce}:auth-int`;
      expect(header).toContain('qop=auth-int, nc=00000001, ');
      expect(response(header)).toBe(hash(`${secret}:${used}:${covered}`));
    }
    const both = digestCredentials(challenge({ algorithm: 'SHA-256' }), user, { ...asked, body: 'x' });
    expect(response(both)).toBe('753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1');
  });

  it('strength: by hash, and 0 for what cannot be answered', () => {
    const of = (more: Record<string, string>) => digestStrength(challenge(more), undefined);
    expect([
      of({ algorithm: 'sha-512-256' }),
      of({ algorithm: 'SHA-256-sess' }),
      of({ algorithm: 'MD5' }),
      of({}),
    ]).toEqual([3, 2, 1, 1]);
    expect([
      of({ algorithm: 'SHA-1' }),
      of({ qop: 'auth-conf' }),
      digestStrength({ scheme: 'basic', parameters: new Map() }, undefined),
    ]).toEqual([0, 0, 0]);
    expect(digestStrength({ scheme: 'digest', parameters: new Map([['realm', 'x']]) }, undefined)).toBe(0);
    const covering = challenge({ qop: 'auth-int' });
    expect([undefined, 'x', just('x'), new FormData()].map((body) => digestStrength(covering, body))).toEqual([
      1, 1, 0, 0,
    ]);
  });
});

describe('answerChallenges', () => {
  const asks = (challenge: string | string[], more: Partial<Answer> = {}): Answer => ({
    status: 401,
    fields: { 'www-authenticate': challenge },
    ...more,
  });
  const config = { origin: 'https://a.test', username: 'u', password: 'p', nonce: () => 'c' };
  const run = (
    answers: Answer[],
    request: ExchangeRequest = { url: 'https://a.test/x?y' },
    more: Partial<ProtectionSpaceConfig> = {},
  ) => {
    const client = new FakeClient((_, at) => answers[at] ?? {});
    const end = seen(
      client.request(request).pipe(
        answerChallenges({ ...config, ...more }),
        map(({ status }) => status),
      ),
    );
    return { client, end, authorization: (at: number) => client.fields(at)['authorization'] };
  };

  it('Basic over https; over http only if it is wanted', () => {
    const { end, authorization } = run([asks('Basic realm="x"')]);
    expect(end).toEqual([200, 'complete']);
    expect(authorization(1)).toBe(basicCredentials('u', 'p'));
    const plain = { url: 'http://a.test/' };
    expect(run([asks('Basic realm="x"')], plain, { origin: plain.url }).end).toEqual([401, 'complete']);
    expect(run([asks('Basic realm="x"')], plain, { origin: plain.url, basic: true }).end).toEqual([200, 'complete']);
  });

  it('the strongest Digest before Basic', () => {
    const { authorization } = run([
      asks([
        'Basic realm="x"',
        'Digest realm="x", nonce="1", qop="auth", algorithm=MD5, Digest realm="x", nonce="2", qop="auth", algorithm=SHA-256',
      ]),
    ]);
    expect(authorization(1)).toMatch(
      /^Digest username="u", realm="x", nonce="2", uri="\/x\?y", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"/,
    );
  });

  it('once, unless the nonce was stale; a nonce that is offered again is counted on', () => {
    const digest = (nonce: string, stale = false): Answer =>
      asks(`Digest realm="x", qop="auth", nonce="${nonce}"${stale ? ', stale=TRUE' : ''}`);
    expect(run([digest('1'), digest('1')]).end).toEqual([401, 'complete']);
    expect(run([digest('1'), digest('2')]).end).toEqual([401, 'complete']);
    expect(run([digest('1'), digest('1', true)]).end).toEqual([401, 'complete']);
    expect(run([digest('1'), digest('2', true)]).end).toEqual([200, 'complete']);
    const always = run(Array.from({ length: 9 }, (_, at) => digest(String(at), true)));
    expect([always.end, always.client.sent.length]).toEqual([[401, 'complete'], 3]);
    expect(run([asks('Basic realm=x'), asks('Basic realm=x')]).end).toEqual([401, 'complete']);
    const client = new FakeClient((_, at) => (at % 2 === 0 ? digest('1') : {}));
    const operator = answerChallenges<FakeResponse>(config);
    for (let i = 0; i < 2; i++) client.request({ url: 'https://a.test/' }).pipe(operator).subscribe();
    expect([1, 3].map((at) => /nc=(\d+)/.exec(client.fields(at)['authorization'] ?? '')?.[1])).toEqual([
      '00000001',
      '00000002',
    ]);
  });

  it('no other origin, no other status, no other scheme', () => {
    for (const url of ['https://b.test/', 'http://a.test/', 'https://a.test:8443/']) {
      expect(run([asks('Basic realm="x"')], { url }).end).toEqual([401, 'complete']);
    }
    expect(run([{ status: 407, fields: { 'www-authenticate': 'Basic realm="x"' } }]).end).toEqual([407, 'complete']);
    expect(run([asks('Negotiate')]).end).toEqual([401, 'complete']);
  });

  it('the body of the 401 is read, that of the request is sent again, if it can be', () => {
    let read = false;
    const body = new Observable<Uint8Array>((subscriber) => {
      read = true;
      subscriber.complete();
    });
    const post = { url: 'https://a.test/', method: 'POST', body: 'x' };
    const { client } = run([asks('Basic realm="x"', { body })], post);
    expect(client.sent[1]).toMatchObject({ method: 'POST', body: 'x' });
    expect(read).toBe(true);
    const once = (function* () {
      yield 'x';
    })();
    expect(run([asks('Basic realm="x"', { body: EMPTY })], { ...post, body: once }).end).toEqual([
      'error BODY_CONSUMED',
    ]);
  });

  it('a 401 that cannot be answered is let go', () => {
    for (const [at, answers] of [
      [0, []],
      [1, [asks('Digest realm="x", nonce="1", qop="auth"')]],
    ] as const) {
      let cancelled = 0;
      const body = new Observable<Uint8Array>(() => () => cancelled++);
      let nonces = 0;
      const nonce = (): string => {
        if (nonces++ === at) throw new Error('nonce');
        return 'c';
      };
      const last = asks('Digest realm="x", nonce="2", qop="auth", stale=true', { body });
      expect(run([...answers, last], undefined, { nonce }).end).toEqual(['error Error: nonce']);
      expect(cancelled).toBe(1);
    }
  });

  it('a redirect behind it leaves the credentials behind', () => {
    const client = new FakeClient((_, at) => [asks('Basic realm="x"'), to('https://b.test/'), {}][at] as Answer);
    client.request({ url: 'https://a.test/' }).pipe(answerChallenges(config), followRedirects()).subscribe();
    expect(client.fields(1)['authorization']).toBeDefined();
    expect(client.fields(2)['authorization']).toBeUndefined();
  });
});

describe('ProtectionSpace', () => {
  const digest = (nonce: string, more = ''): Answer => ({
    status: 401,
    fields: { 'www-authenticate': `Digest realm="x", qop="auth", nonce="${nonce}"${more}` },
  });
  const config = { origin: 'https://a.test', username: 'u', password: 'p', nonce: () => 'c' };
  /** Asks one after the other through one space; the nonce and its count of each request that was sent. */
  const run = (answers: Answer[], requests: ExchangeRequest[], space = new ProtectionSpace(config)) => {
    const client = new FakeClient((_, at) => answers[at] ?? {});
    const ends = requests.map((request) =>
      seen(
        client.request(space.authorize(request)).pipe(
          answerChallenges<FakeResponse>(space),
          map(({ status }) => status),
        ),
      ),
    );
    const sent = client.sent.map((_, at) => {
      const { authorization } = client.fields(at);
      const nonce = /nonce="([^"]*)"/.exec(authorization ?? '')?.[1];
      return nonce === undefined ? authorization : `${nonce} ${/nc=(\d+)/.exec(authorization ?? '')?.[1]}`;
    });
    return { sent, ends, client, space };
  };
  const A = { url: 'https://a.test/1' };

  it('after one challenge, requests are sent with credentials right away, the nonce counted on', () => {
    const { sent, ends } = run([digest('n')], [A, A, { url: 'https://u:p@a.test/2?q' }]);
    expect(sent).toEqual([undefined, 'n 00000001', 'n 00000002', 'n 00000003']);
    expect(ends).toEqual([
      [200, 'complete'],
      [200, 'complete'],
      [200, 'complete'],
    ]);
  });

  it('nextnonce is used from the next request on', () => {
    const next: Answer = { fields: { 'authentication-info': 'rspauth="x", nextnonce="m, \\"o\\"", qop=auth' } };
    const { client, sent } = run([digest('n'), next], [A, A, A]);
    expect(sent.slice(0, 2)).toEqual([undefined, 'n 00000001']);
    expect(client.fields(2)['authorization']).toContain('nonce="m, \\"o\\"", ');
    expect([2, 3].map((at) => /nc=(\d+)/.exec(client.fields(at)['authorization'] ?? '')?.[1])).toEqual([
      '00000001',
      '00000002',
    ]);
    const junk: Answer = { fields: { 'authentication-info': 'nextnonce="m' } };
    expect(run([digest('n'), junk], [A, A]).sent).toEqual([undefined, 'n 00000001', 'n 00000002']);
  });

  it('a nonce that has gone stale is replaced, wrong credentials are not tried again and again', () => {
    const stale = run([digest('n'), {}, digest('m', ', stale=true')], [A, A, A]);
    expect(stale.sent).toEqual([undefined, 'n 00000001', 'n 00000002', 'm 00000001', 'm 00000002']);
    const wrong = run([digest('n'), digest('m'), digest('o'), digest('q')], [A, A]);
    expect(wrong.ends).toEqual([
      [401, 'complete'],
      [401, 'complete'],
    ]);
    expect(wrong.sent).toEqual([undefined, 'n 00000001', undefined, 'o 00000001']);
  });

  it('Basic too, where it is allowed', () => {
    const basic: Answer = { status: 401, fields: { 'www-authenticate': 'Basic realm="x"' } };
    const credentials = basicCredentials('u', 'p');
    expect(run([basic], [A, A]).sent).toEqual([undefined, credentials, credentials]);
    const plain = new ProtectionSpace({ ...config, origin: 'http://a.test' });
    expect(run([basic, basic], [{ url: 'http://a.test/' }, { url: 'http://a.test/' }], plain).sent).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('never to another origin, never in the place of other credentials, not for a body it cannot cover', () => {
    const { space } = run([digest('n')], [A]);
    for (const url of ['https://b.test/', 'http://a.test/', 'https://a.test:444/', 'https://a.test.b.test/']) {
      expect(space.authorize({ url })).toEqual({ url });
    }
    const own = { ...A, headers: { Authorization: 'own' } };
    expect(space.authorize(own)).toBe(own);
    const elsewhere: Answer = { fields: { 'authentication-info': 'nextnonce="evil"' } };
    expect(run([digest('n'), {}, elsewhere, {}], [A, { url: 'https://b.test/' }, A]).sent).toEqual([
      undefined,
      'n 00000001',
      undefined,
      'n 00000002',
    ]);
    const covering = digest('n', '');
    const only = { ...covering, fields: { 'www-authenticate': 'Digest realm="x", qop="auth-int", nonce="n"' } };
    const streamed = { ...A, method: 'POST', body: just('x') };
    expect(run([only], [A, streamed]).sent).toEqual([undefined, 'n 00000001', undefined]);
  });
});
