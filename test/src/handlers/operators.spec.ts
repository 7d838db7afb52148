import { gunzipSync } from 'node:zlib';
import { concat, delay, firstValueFrom, interval, map, NEVER, of, pipe, Subject, take, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../operators/body/bytes.js';
import { json } from '../../../operators/body/json.js';
import { NetworkError, ProtocolError, TimeoutError } from '../../../operators/core/protocol-error.js';
import { basicCredentials } from '../../../operators/exchange/credentials.js';
import { createClient } from '../../../src/client/create-client.js';
import { accessLog, type AccessRecord } from '../../../src/handlers/access-log.js';
import { basicAuth } from '../../../src/handlers/basic-auth.js';
import { compress } from '../../../src/handlers/compress.js';
import { eventStream } from '../../../src/handlers/event-stream.js';
import { mapErrors } from '../../../src/handlers/map-errors.js';
import type { Handler } from '../../../src/server/respond-context.js';
import type { ServerResponse } from '../../../src/server/server-response.js';
import { eventually, realServer } from '../server/real-server.js';
import { get, inVirtualTime, post } from '../server/world.js';

const client = createClient({ decompress: false });
const long = 'water '.repeat(1000);

async function ask(url: string, headers: Record<string, string> = {}, more: object = {}) {
  const response = await firstValueFrom(client.request({ url, headers, ...more }));
  const body = Buffer.from(await firstValueFrom(response.body.pipe(bytes())));
  return { status: response.status, fields: response.fields, body };
}

describe('compress', () => {
  const answers: Record<string, ServerResponse> = {
    '/text': { body: long, fields: { etag: '"x"', 'accept-ranges': 'bytes' } },
    '/weak': { body: long, fields: { etag: 'W/"x"', vary: 'Origin, Accept-Encoding' } },
    '/short': { body: 'short' },
    '/picture': { body: Buffer.alloc(5000), fields: { 'content-type': 'image/png' } },
    '/coded': { body: long, fields: { 'content-encoding': 'br' } },
    '/part': { status: 206, body: long, fields: { 'content-range': 'bytes 0-5999/9999' } },
    '/fixed': { body: long, fields: { 'cache-control': 'public, no-transform' } },
    '/none': { status: 204 },
    '/declared': {
      body: of(Buffer.from('declared short')),
      fields: { 'content-type': 'text/plain', 'content-length': '14' },
    },
    '/stream': {
      body: concat(of(long), of(long)),
      fields: { 'content-type': 'application/json' },
      trailers: { 'x-sum': '7' },
    },
  };
  const handler: Handler = compress({ codings: ['br', 'gzip'] })(({ path }) => answers[path] as ServerResponse);

  it.each(['1.1', '2'] as const)('codes what is asked for over HTTP/%s', async (version) => {
    const { url } = await realServer(handler);
    const { fields, body } = await ask(`${url}/text`, { 'accept-encoding': 'br;q=0.5, gzip' }, { version });
    expect(fields.get('content-encoding')).toBe('gzip');
    expect(fields.get('etag')).toBe('W/"x"');
    expect(fields.get('vary')).toBe('accept-encoding');
    expect(fields.get('content-type')).toBe('text/plain;charset=UTF-8');
    expect([fields.has('accept-ranges'), fields.has('content-length')]).toEqual([false, false]);
    expect(gunzipSync(body).toString()).toBe(long);
    expect(gunzipSync((await ask(`${url}/stream`, { 'accept-encoding': 'gzip' }, { version })).body).toString()).toBe(
      long + long,
    );
    const weak = await ask(`${url}/weak`, { 'accept-encoding': '*' }, { version });
    expect([weak.fields.get('etag'), weak.fields.getAll('vary'), weak.fields.get('content-encoding')]).toEqual(['W/"x"', ['Origin, Accept-Encoding'], 'br']); // prettier-ignore
  });

  it('leaves alone what is to be left alone', async () => {
    const { url } = await realServer(handler);
    const accepts = { 'accept-encoding': 'gzip' };
    for (const path of ['/short', '/picture', '/part', '/fixed', '/none', '/declared']) {
      expect((await ask(url + path, accepts)).fields.get('content-encoding')).toBeUndefined();
    }
    expect((await ask(`${url}/coded`, accepts)).fields.get('content-encoding')).toBe('br');
    expect((await ask(`${url}/picture`, accepts)).fields.has('vary')).toBe(false);
    for (const value of ['', 'identity', 'gzip;q=0', 'deflate', 'gzip;q=0.1, identity']) {
      const { fields, body } = await ask(`${url}/text`, { 'accept-encoding': value });
      expect([fields.get('content-encoding'), fields.get('vary'), fields.get('etag'), body.toString()]).toEqual([undefined, 'accept-encoding', '"x"', long]); // prettier-ignore
    }
  });

  it.each(['1.1', '2'] as const)('says to HEAD what it would to GET, over HTTP/%s', async (version) => {
    const { url } = await realServer(handler);
    for (const coding of ['gzip', 'identity']) {
      const said = async (method: string) => {
        const { fields } = await ask(`${url}/text`, { 'accept-encoding': coding }, { version, method });
        fields.delete('date');
        fields.delete('transfer-encoding');
        return [...fields].map(({ name, value }) => `${name}: ${value}`).sort();
      };
      expect(await said('HEAD')).toEqual(await said('GET'));
    }
  });

  it.each([
    ['W/"x"', 'W/"x"', ['accept-encoding']],
    ['"a", W/"x"', 'W/"x"', ['accept-encoding']],
    ['"x"', '"x"', ['accept-encoding']],
    ['W/"x", "x"', '"x"', ['accept-encoding']],
    ['*', '"x"', ['accept-encoding']],
  ])('a 304 to %s has the tag of what the client has', async (known, tag, varies) => {
    const fields = { etag: '"x"' };
    const { url } = await realServer(compress()(() => ({ status: 304, fields })));
    const { status, fields: said } = await ask(url, { 'if-none-match': known, 'accept-encoding': 'gzip' });
    expect([status, said.get('etag'), said.getAll('vary')]).toEqual([304, tag, varies]);
    const { url: coded } = await realServer(
      compress()(() => ({ status: 304, fields: { ...fields, 'content-encoding': 'br' } })),
    );
    const untouched = await ask(coded, { 'if-none-match': known });
    expect([untouched.fields.get('etag'), untouched.fields.has('vary')]).toEqual(['"x"', false]);
  });

  it('lets events through one by one', async () => {
    const events = new Subject<string>();
    const { url } = await realServer(pipe(compress({ codings: ['gzip'] }))(eventStream(() => events)));
    const response = await firstValueFrom(
      createClient().request({ url, headers: { 'accept-encoding': 'gzip' }, decompress: true }),
    );
    expect(response.fields.get('content-encoding')).toBeUndefined(); // it was undone
    let seen = '';
    const reading = response.body.subscribe((chunk) => (seen += Buffer.from(chunk).toString()));
    await eventually(() => events.observed);
    events.next('one');
    await eventually(() => seen.includes('data: one\n\n'));
    reading.unsubscribe();
    await eventually(() => !events.observed);
  });

  it('fails a body that pushes without end to a reader that does not read', async () => {
    const { raw, events } = await realServer(
      compress({ codings: ['gzip'], maxQueued: 100_000 })(() => ({
        fields: { 'content-type': 'text/plain' },
        body: interval(0).pipe(map(() => Buffer.from(Array.from({ length: 50_000 }, () => Math.random() * 256)))),
      })),
    );
    const reader = raw().send('GET / HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n');
    await reader.until('\r\n\r\n');
    reader.socket.pause();
    await eventually(() => events.some((event) => event.type === 'handler-error'));
    expect(events.find(({ type }) => type === 'handler-error')).toMatchObject({ error: { code: 'BODY_OVERFLOW' } });
  });

  it('refuses options that make no sense', () => {
    expect(() => compress({ threshold: -1 })).toThrow('threshold');
    expect(() => compress({ codings: ['lzma' as 'br'] })).toThrow('lzma');
  });
});

describe('basicAuth', () => {
  const guarded = basicAuth({ realm: 'the "weir"', users: { marlow: 'stéam', __proto__x: 'y' } });
  const handler = guarded((_, username) => ({ body: `hello ${username}` }));
  const status = (authorization?: string): unknown => {
    const fields = { getAll: () => (authorization === undefined ? [] : [authorization]) };
    const { status: code, body } = handler({ fields } as never) as ServerResponse;
    return code ?? body;
  };

  it('lets in who knows the password', () => {
    expect(status(basicCredentials('marlow', 'stéam'))).toBe('hello marlow');
    expect(status(basicCredentials('marlow', 'stéam').replace('Basic', 'bAsIc'))).toBe('hello marlow');
  });

  it.each([
    undefined,
    '',
    'Basic',
    'Basic !!!',
    'Bearer x',
    'Basic bWFybG93',
    'Basic //8=',
    basicCredentials('marlow', 'steam'),
    basicCredentials('marlow', ''),
    basicCredentials('jim', 'stéam'),
    basicCredentials('__proto__', 'y'),
    basicCredentials('constructor', 'y'),
    `${basicCredentials('marlow', 'stéam')}!`,
  ])('refuses %s', (value) => {
    expect(status(value)).toBe(401);
  });

  it('asks nobody of control characters', () => {
    const anybody = basicAuth({ realm: 'weir', users: () => true })(() => ({ status: 204 }));
    const answer = (pair: string): unknown =>
      (anybody({ fields: { getAll: () => [`Basic ${btoa(pair)}`] } } as never) as ServerResponse).status;
    expect(['marlow:x', 'mar\nlow:x', 'marlow:\u007f', '\0:'].map(answer)).toEqual([204, 401, 401, 401]);
  });

  it('asks with a challenge, as a proxy where it is one', async () => {
    const { url } = await realServer(handler);
    const refused = await ask(url);
    expect(refused.status).toBe(401);
    expect(refused.fields.get('www-authenticate')).toBe('Basic realm="the \\"weir\\"", charset="UTF-8"');
    const proxy = basicAuth({ realm: 'p', users: { a: 'b' }, proxy: true })(() => ({}));
    const { url: second } = await realServer(proxy);
    const asked = await ask(second, { authorization: basicCredentials('a', 'b') });
    expect([asked.status, asked.fields.get('proxy-authenticate')]).toEqual([407, 'Basic realm="p", charset="UTF-8"']);
    expect((await ask(second, { 'proxy-authorization': basicCredentials('a', 'b') })).status).toBe(200);
    expect(() => basicAuth({ realm: 'a\nb', users: {} })).toThrow('realm');
    expect(() => basicAuth({ realm: 'w' } as never)).toThrow('users: passwords');
  });

  it('waits for who knows later', async () => {
    const later = basicAuth({ realm: 'w', users: (name, password) => of(name === password).pipe(delay(1)) });
    const { url } = await realServer(later((_, username) => of({ body: username })));
    expect((await ask(url, { authorization: basicCredentials('a', 'a') })).body.toString()).toBe('a');
    expect((await ask(url, { authorization: basicCredentials('a', 'b') })).status).toBe(401);
    const plain = basicAuth({ realm: 'w', users: () => Promise.resolve(true) })(() => ({ body: 'in' }));
    const { url: other } = await realServer(plain);
    expect((await ask(other, { authorization: basicCredentials('a', 'b') })).body.toString()).toBe('in');
  });
});

describe('mapErrors', () => {
  const thrower = (error: unknown): Handler =>
    mapErrors((one) => (one instanceof RangeError ? 404 : undefined))(({ path }) => {
      if (path === '/sync') throw error;
      if (path === '/promise') return Promise.reject(error as Error);
      if (path === '/generator') return (async function* () { await Promise.resolve(); yield { status: 103 }; throw error; })(); // prettier-ignore
      return concat(
        of({ status: 103 }),
        throwError(() => error),
      );
    });

  it.each([
    [new RangeError('secret'), 404],
    [new TimeoutError('head', 5), 504],
    [new NetworkError('ECONNREFUSED', 'connect', 'secret'), 502],
    [new ProtocolError('INVALID_JSON', 'secret', { wireCode: 400 }), 400],
    [new ProtocolError('BAD_CHUNK', 'secret'), 502],
  ])('answers %s with %i', async (error, status) => {
    const { url, events } = await realServer(thrower(error));
    for (const path of ['/sync', '/promise', '/generator', '/observable']) {
      const answer = await ask(url + path);
      expect([path, answer.status, answer.body.toString().includes('secret')]).toEqual([path, status, false]);
    }
    expect(events.filter(({ type }) => type === 'handler-error')).toEqual([]);
  });

  it('leaves what is our own fault to the server, which tells it', async () => {
    const { url, events } = await realServer(thrower(new TypeError('secret')));
    for (const path of ['/sync', '/promise', '/generator', '/observable']) {
      const answer = await ask(url + path);
      expect([answer.status, answer.body.length]).toEqual([500, 0]);
    }
    expect(events.filter(({ type }) => type === 'handler-error')).toHaveLength(4);
  });

  it('answers a malformed body of the client', async () => {
    const { url } = await realServer(
      mapErrors()(({ body }) =>
        body.pipe(
          json(),
          map(() => ({ body: 'read' })),
        ),
      ),
    );
    expect((await ask(url, {}, { method: 'POST', body: '{' })).status).toBe(400);
    expect((await ask(url, {}, { method: 'POST', body: '{}' })).status).toBe(200);
  });

  it('gives no second answer', async () => {
    const { url, events } = await realServer(mapErrors(() => 418)(() => concat(of({ body: 'first' }), throwError(() => new Error('late'))))); // prettier-ignore
    expect((await ask(url)).body.toString()).toBe('first');
    await eventually(() => events.some(({ type }) => type === 'handler-error'));
  });
});

describe('accessLog', () => {
  const seen = ({ method, target, version, status, bytesIn, bytesOut, milliseconds, cancelled }: AccessRecord) =>
    ({ method, target, version, status, bytesIn, bytesOut, milliseconds, cancelled }); // prettier-ignore

  it('tells of each exchange when it is over', () => {
    const records: AccessRecord[] = [];
    inVirtualTime(
      (world) => {
        const log = accessLog({ scheduler: world.scheduler });
        log.records$.subscribe((record) => records.push(record));
        world.serve(
          log(({ path, body }) => {
            if (path === '/now') return { body: 'now' };
            if (path === '/later') return of({ status: 201, body: 'later' }).pipe(delay(30, world.scheduler));
            if (path === '/echo') return { body };
            if (path === '/never') return NEVER;
            if (path === '/slow')
              return {
                body: interval(10, world.scheduler).pipe(
                  take(3),
                  map(() => 'abcd'),
                ),
              };
            throw new Error('out of water');
          }),
        );
        world.connect(get('/now') + get('/later') + get('/slow'));
        world.connect(post('/echo', 5, 'hello'));
        world.connect(get('/fails'));
        world.connect(`HEAD /now HTTP/1.1\r\nhost: server\r\n\r\n`);
        const leaves = world.connect(get('/never'));
        world.at(50, () => leaves.socket.error(new Error('gone')));
      },
      () => {
        expect(records.map(seen)).toEqual(
          expect.arrayContaining([
            {
              method: 'GET',
              target: '/now',
              version: '1.1',
              status: 200,
              bytesIn: 0,
              bytesOut: 3,
              milliseconds: 0,
              cancelled: false,
            },
            {
              method: 'GET',
              target: '/later',
              version: '1.1',
              status: 201,
              bytesIn: 0,
              bytesOut: 5,
              milliseconds: 30,
              cancelled: false,
            },
            expect.objectContaining({ target: '/slow', status: 200, bytesOut: 12, cancelled: false }),
            {
              method: 'POST',
              target: '/echo',
              version: '1.1',
              status: 200,
              bytesIn: 5,
              bytesOut: 5,
              milliseconds: 0,
              cancelled: false,
            },
            expect.objectContaining({ target: '/fails', status: 500, bytesOut: 0, cancelled: false }),
            {
              method: 'HEAD',
              target: '/now',
              version: '1.1',
              status: 200,
              bytesIn: 0,
              bytesOut: 0,
              milliseconds: 0,
              cancelled: false,
            },
            {
              method: 'GET',
              target: '/never',
              version: '1.1',
              status: 0,
              bytesIn: 0,
              bytesOut: 0,
              milliseconds: 50,
              cancelled: true,
            },
          ]),
        );
        expect(records).toHaveLength(7);
        expect(records.find(({ target }) => target === '/fails')?.error).toMatchObject({ message: 'out of water' });
      },
    );
  });

  it('tells of HTTP/2 too, of cut bodies, and who listens may throw', async () => {
    const log = accessLog();
    const records: AccessRecord[] = [];
    log.records$.subscribe((record) => records.push(record));
    const { url } = await realServer(
      log(({ path, body }) => {
        if (path === '/echo') return { body };
        if (path === '/blob') return { body: new Blob(['blob']) };
        return { body: concat(of('begun'), throwError(() => new Error('cut')).pipe(delay(5)), NEVER.pipe(take(0))) };
      }),
    );
    await ask(`${url}/echo`, {}, { version: '2', method: 'POST', body: 'hello' });
    expect((await ask(`${url}/blob`, {}, { version: '2' })).fields.get('content-length')).toBe('4');
    await expect(ask(`${url}/cut`, {}, { version: '2' })).rejects.toBeDefined();
    await expect(ask(`${url}/cut`)).rejects.toBeDefined();
    await eventually(() => records.length === 4);
    expect(records[0]).toMatchObject({ version: '2', status: 200, bytesIn: 5, bytesOut: 5, cancelled: false });
    expect(records[1]).toMatchObject({ bytesOut: 4 });
    for (const record of records.slice(2))
      expect(record).toMatchObject({ status: 200, bytesOut: 5, error: { message: 'cut' }, cancelled: true });
  });
});

describe('eventStream', () => {
  it('gives no sign of life where no timer can wait so long', async () => {
    const handler = eventStream(() => of('late').pipe(delay(20)), { heartbeat: 2 ** 31 });
    const { url } = await realServer(handler);
    expect((await ask(url)).body.toString()).toBe(': \n\ndata: late\n\n');
  });

  it('sends events, signs of life in silence, and none to who does not read', () => {
    inVirtualTime(
      (world) => {
        const { scheduler } = world;
        const events = concat(of({ id: '1', data: 'a' }), of({ id: '2', data: 'b' }).pipe(delay(35, scheduler)));
        world.serve(
          eventStream((last) => (last === 'stop' ? undefined : last === undefined ? events : of(`after ${last}`)), {
            retry: 500,
            heartbeat: 10,
            scheduler,
          }),
        );
        const reader = world.connect(get('/'));
        world.at(100, () => {
          expect(reader.received.replaceAll('\r\n', '')).toContain(
            'retry: 500\n\n'.length.toString(16) + 'retry: 500\n\n',
          );
          const texts = reader.received.split('\r\n').filter((line) => line.endsWith('\n\n'));
          expect(texts).toEqual([
            'retry: 500\n\n',
            'id: 1\ndata: a\n\n',
            ': \n\n',
            ': \n\n',
            ': \n\n',
            'id: 2\ndata: b\n\n',
          ]);
          expect(reader.received).toContain('content-type: text/event-stream\r\n');
          expect(reader.received).toContain('cache-control: no-store\r\n');
        });
        const back = world.connect(get('/', 'last-event-id: 7'));
        const stopped = world.connect(get('/', 'last-event-id: stop'));
        const posted = world.connect(post('/', 0));
        world.at(100, () => {
          expect(back.received).toContain('data: after 7\n\n');
          expect([stopped.statuses, posted.statuses]).toEqual([[204], [405]]);
        });
      },
      (world) => expect(world.eventsOf('handler-error')).toEqual([]),
    );
  });

  it('pulls what can be pulled no faster than it is read', async () => {
    let made = 0;
    function* endless(): Generator<string> {
      for (;;) yield `${made++} ${'x'.repeat(10_000)}`;
    }
    const { raw } = await realServer(eventStream(() => endless()));
    const reader = raw().send('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await reader.until('data: 0');
    reader.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const then = made;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(made).toBe(then);
    reader.socket.destroy();
  });

  it('fails for an event that cannot be sent, and refuses odd options', async () => {
    const { url, events } = await realServer(eventStream(() => of({ id: 'a\nb' })));
    await ask(url).catch(() => undefined);
    await eventually(() => events.some(({ type }) => type === 'handler-error'));
    expect(events.find(({ type }) => type === 'handler-error')).toMatchObject({ error: { code: 'INVALID_EVENT' } });
    expect(() => eventStream(() => of(''), { retry: 1.5 })).toThrow('retry');
    expect(() => eventStream(() => of(''), { heartbeat: -1 })).toThrow('heartbeat');
  });
});
