import { URLPattern } from 'urlpattern-polyfill';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { route } from '../../../src/handlers/route.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import type { ServerResponse } from '../../../src/server/server-response.js';
import { request } from '../../../src/client/request.js';
import { realServer } from '../server/real-server.js';
import { firstValueFrom } from 'rxjs';
import { text } from '../../../operators/body/text.js';

/** As much of a request as routing looks at. */
function asked(method: string, path: string): ServerRequest {
  return { method, path, target: path, url: new URL(`http://server${path === '*' ? '/' : path}`) } as ServerRequest;
}

function say(name: string) {
  return (_: ServerRequest, parameters: object): ServerResponse => ({ body: `${name} ${JSON.stringify(parameters)}` });
}

function answer(handler: ReturnType<typeof route>, method: string, path: string): unknown {
  const response = handler(asked(method, path)) as ServerResponse;
  return response.status === undefined ? response.body : [response.status, response.fields];
}

describe('route', () => {
  const handler = route({
    'GET /': say('home'),
    'GET /users/:id': say('user'),
    'PUT /users/:id': say('put'),
    'GET /users/me': say('me'),
    'GET /users/:id/posts/:post': say('post'),
    'GET /files/*': say('files'),
    'GET /pictures/:name.png': say('png'),
    'GET /pictures/thumb-:name.png': say('thumb'),
    'GET /pictures/:name': say('any picture'),
    '/all/:x': say('every method'),
  });

  it.each([
    ['/', 'home {}'],
    ['/?q=/users/7', 'home {}'],
    ['/users/7', 'user {"id":"7"}'],
    ['/users/7?x=y', 'user {"id":"7"}'],
    ['/users/me', 'me {}'],
    ['/users/m%65', 'me {}'],
    ['/users/a%2Fb', 'user {"id":"a/b"}'],
    ['/users/%C3%A9', 'user {"id":"é"}'],
    ['/users/7/posts/8', 'post {"id":"7","post":"8"}'],
    ['/users/me/posts/8', 'post {"id":"me","post":"8"}'],
    ['/files/', 'files {"*":""}'],
    ['/files/a/b%2Fc', 'files {"*":"a/b%2Fc"}'],
    ['/pictures/a.png', 'png {"name":"a"}'],
    ['/pictures/thumb-a.png', 'thumb {"name":"a"}'],
    ['/pictures/a.jpg', 'any picture {"name":"a.jpg"}'],
    ['/pictures/.png', 'any picture {"name":".png"}'],
  ])('finds GET %s', (path, expected) => {
    expect(answer(handler, 'GET', path)).toBe(expected);
  });

  it.each(['/user', '/users', '/users/', '/users/7/', '/users/7/posts', '/files', '//', '/pictures/a/b'])(
    'does not find %s',
    (path) => {
      expect(answer(handler, 'GET', path)).toEqual([404, undefined]);
    },
  );

  it('refuses a path that cannot be decoded', () => {
    expect(answer(handler, 'GET', '/users/%zz')).toEqual([400, undefined]);
    expect(answer(handler, 'GET', '/users/%ff')).toEqual([400, undefined]);
  });

  it('answers HEAD by GET, OPTIONS with what there is, and other methods with 405', () => {
    expect(answer(handler, 'HEAD', '/users/7')).toBe('user {"id":"7"}');
    expect(answer(handler, 'OPTIONS', '/users/7')).toEqual([204, { allow: 'GET, PUT, HEAD, OPTIONS' }]);
    expect(answer(handler, 'DELETE', '/users/7')).toEqual([405, { allow: 'GET, PUT, HEAD, OPTIONS' }]);
    expect(answer(handler, 'get', '/users/7')).toEqual([405, { allow: 'GET, PUT, HEAD, OPTIONS' }]);
    expect(answer(handler, 'OPTIONS', '*')).toEqual([204, { allow: 'OPTIONS, GET, PUT, HEAD' }]);
    expect(answer(handler, 'BREW', '/all/x')).toBe('every method {"x":"x"}');
    expect(answer(handler, 'OPTIONS', '/all/x')).toBe('every method {"x":"x"}');
    expect(answer(handler, 'CONNECT', '')).toEqual([404, undefined]);
  });

  it('does not take names of Object for routes, methods or parameters', () => {
    for (const path of ['/__proto__', '/users/__proto__/x', '/constructor', '/toString']) {
      expect(answer(handler, 'GET', path)).toEqual([404, undefined]);
    }
    for (const method of ['constructor', '__proto__']) {
      expect(answer(handler, method, '/users/7')).toEqual([405, expect.anything()]);
    }
    let seen: object | undefined;
    const spy = route({ 'GET /:__proto__': (_, parameters) => ((seen = parameters), {}) });
    void spy(asked('GET', '/x'));
    expect(Object.getPrototypeOf(seen)).toBeNull();
    expect(Object.entries(seen as object)).toEqual([['__proto__', 'x']]);
  });

  it('asks patterns, then `otherwise`, for what the table does not have', () => {
    const pattern = new URLPattern({ pathname: '/old/:year(\\d+)-:month(\\d+)' });
    const fallback = route(
      { 'GET /old/:x/y': say('y') },
      {
        patterns: [[pattern, (_, { pathname }) => ({ body: JSON.stringify(pathname.groups) })]],
        otherwise: () => ({ body: 'otherwise' }),
      },
    );
    expect(answer(fallback, 'GET', '/old/2026-11')).toBe('{"year":"2026","month":"11"}');
    expect(answer(fallback, 'GET', '/old/20x6-11')).toBe('otherwise');
    expect(answer(fallback, 'POST', '/old/x/y')).toEqual([405, expect.anything()]);
  });

  it.each([
    ['users', 'begins with a slash'],
    ['GET users', 'begins with a slash'],
    ['GET  /x', 'begins with a slash'],
    ['G@T /x', 'a method'],
    ['GET /:', 'has a name'],
    ['GET /:1', 'has a name'],
    ['GET /:a:b', 'one parameter'],
    ['GET /:a/:a', 'a name of its own'],
    ['GET /a*', 'not understood'],
    ['GET /*/a', 'not understood'],
    ['GET /:id(\\d+)', 'not understood'],
    ['GET /a{/b}?', 'not understood'],
    ['GET /%zz', 'percent'],
  ])('refuses %s as a route', (name, why) => {
    expect(() => route({ [name]: () => ({}) })).toThrow(expect.objectContaining({ code: 'INVALID_ROUTE' }) as Error);
    expect(() => route({ [name]: () => ({}) })).toThrow(why);
  });

  it('refuses two routes that are one, and what is no handler', () => {
    expect(() => route({ 'GET /a/:x': say('x'), 'GET /a/:y': say('y') })).toThrow('are one route');
    expect(() => route({ 'GET /a': 7 as never })).toThrow('no handler');
  });

  it('knows the names of its parameters', () => {
    route({
      'GET /users/:id/posts/:post.json': (_, parameters) => {
        expectTypeOf(parameters).toEqualTypeOf<Readonly<Record<'id' | 'post', string>>>();
        return {};
      },
      '/files/*': (_, parameters) => {
        expectTypeOf(parameters).toEqualTypeOf<Readonly<Record<'*', string>>>();
        return {};
      },
      'GET /plain': (_, parameters) => {
        // @ts-expect-error there is none
        void parameters.id;
        return {};
      },
    });
  });

  it('agrees with URLPattern on what a path matches', () => {
    const paths = ['/', '/a', '/a/', '/a/b', '/a/b/c', '/a-b', '/a-b.c', '/x.json', '/.json', '/a/x.json', '/a//b'];
    const patterns = [
      '/',
      '/a',
      '/a/',
      '/:x',
      '/a/:x',
      '/a/:x/c',
      '/:x/:y',
      '/*',
      '/a/*',
      '/a-:x',
      '/:x.json',
      '/a/:x.json',
    ];
    for (const pattern of patterns) {
      const ours = route({ [pattern]: say('found') });
      const theirs = new URLPattern({ pathname: pattern });
      for (const path of paths) {
        const match = theirs.exec(`http://server${path}`);
        const { 0: rest, ...named } = (match?.pathname.groups ?? {}) as Record<string, string>;
        const expected = rest === undefined ? named : { ...named, '*': rest };
        const found = answer(ours, 'GET', path);
        expect([pattern, path, found]).toEqual([
          pattern,
          path,
          match ? `found ${JSON.stringify(expected)}` : [404, undefined],
        ]);
      }
    }
  });

  it('costs the same whatever is sent', () => {
    const table = Object.fromEntries(
      ['a', 'b', 'c'].flatMap((a) => ['', '/:x', '/:x/b', '/:x/:y', '/*'].map((b) => [`GET /${a}-:p${b}`, say(a)])),
    );
    const busy = route(table);
    for (const part of ['a-', '/', 'a-/a-', '%41-', 'a-/b-/c-']) {
      const path = `/${part.repeat(65_536 / part.length)}`;
      expect(busy(asked('GET', path))).toBeDefined(); // one that goes back and forth would take minutes, and the test fail
    }
  });
});

describe('route in a server', () => {
  const handler = route({ 'GET /users/:id': ({ version }, { id }) => ({ body: `${id} over ${version}` }) });

  it.each(['1.1', '2'] as const)('answers over HTTP/%s', async (version) => {
    const { url } = await realServer(handler);
    const get = (path: string, method = 'GET') => firstValueFrom(request({ url: url + path, version, method }));
    expect(await firstValueFrom((await get('/users/7')).body.pipe(text()))).toBe(`7 over ${version}`);
    expect((await get('/users/7', 'HEAD')).fields.get('content-length')).toBe(`${7 + version.length}`);
    const refused = await get('/users/7', 'DELETE');
    expect([refused.status, refused.fields.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await get('/nowhere')).status).toBe(404);
  });

  it('answers OPTIONS * and absolute targets', async () => {
    const { raw } = await realServer(handler);
    const client = raw().send('OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await client.until('allow: OPTIONS, GET, HEAD\r\n')).toContain('204');
    client.send('GET http://x/users/8 HTTP/1.1\r\nhost: x\r\n\r\n');
    await client.until('8 over 1.1');
  });
});
