import { EMPTY } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client/create-client.js';
import type { RequestConfig } from '../../../src/client/request-config.js';
import { type Answer, createRequest, request, type RequestTable } from '../../../src/compat/socket.js';
import { bodyOf, Origin, type Seen, settled, until } from './origin.js';

const origin = new Origin();
let url: string;

beforeAll(async () => {
  await origin.start();
  url = origin.url;
  origin.routes.set('/hops', (incoming, response) => {
    const left = Number(new URL(incoming.url ?? '', url).searchParams.get('n'));
    if (left > 0) response.writeHead(302, { location: `/hops?n=${left - 1}` }).end('moved');
    else response.end('there');
  });
  origin.routes.set('/silent', () => undefined);
});
afterAll(() => origin.stop());

const seen = ([body]: readonly unknown[]): Seen => JSON.parse(String(body)) as Seen;

/** The table form, its body gathered by a sink. */
async function gather(table: RequestTable): Promise<[answer: readonly unknown[], body: string]> {
  let body = '';
  const sink = (chunk: string | Uint8Array | null): number => {
    if (chunk !== null) body += Buffer.from(chunk as Uint8Array).toString();
    return 1;
  };
  return [await request({ sink, ...table }), body];
}

describe('request of compat/socket', () => {
  it('gets the body, the status as a number, the fields joined, and the status line', async () => {
    origin.routes.set('/two', (_, response) => response.writeHead(201, 'Made', { 'x-two': ['1', '2'] }).end('body'));
    const [body, code, fields, statusLine] = await request(`${url}/two`);
    expect([body, code, statusLine]).toEqual(['body', 201, 'HTTP/1.1 201 Made']);
    expect((fields as Answer<string>[2])['x-two']).toBe('1, 2');
  });

  it('posts a body as a form', async () => {
    expect(seen(await request(`${url}/echo`, 'a=1'))).toMatchObject({
      method: 'POST',
      body: 'a=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '3' },
    });
  });

  it('fails with null and the message', async () => {
    const [body, message, error] = await request('http://127.0.0.1:1/');
    expect([body, message]).toEqual([null, expect.stringContaining('ECONNREFUSED')]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect((await request('nonsense'))[2]).toMatchObject({ code: 'INVALID_URL' });
  });

  it('fails with timeout, before the head and in the body', async () => {
    origin.routes.set('/stalls', (_, response) => void response.write('some'));
    const hasty = createRequest({ timeout: 30 });
    expect((await hasty(`${url}/silent`)).slice(0, 2)).toEqual([null, 'timeout']);
    expect((await hasty(`${url}/stalls`)).slice(0, 2)).toEqual([null, 'timeout']);
    expect((await hasty({ url: `${url}/stalls` })).slice(0, 2)).toEqual([null, 'timeout']);
  });

  it('fails with closed where the connection ends before the answer', async () => {
    origin.routes.set('/closes', (_, response) => void response.socket?.destroy());
    origin.routes.set('/cut', (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some', () => response.socket?.destroy());
    });
    expect((await request(`${url}/closes`)).slice(0, 2)).toEqual([null, 'closed']);
    expect((await request(`${url}/cut`)).slice(0, 2)).toEqual([null, 'closed']);
  });
});

describe('its table form', () => {
  it('gives 1 in place of the body, which goes to the sink, null at its end', async () => {
    const chunks: unknown[] = [];
    const sink = (chunk: unknown): number => chunks.push(chunk);
    const [one, code, , statusLine] = await request({ url: `${url}/hops?n=0`, sink });
    expect([one, code, statusLine]).toEqual([1, 200, 'HTTP/1.1 200 OK']);
    expect(chunks.at(-1)).toBeNull();
    expect(Buffer.concat(chunks.slice(0, -1) as Uint8Array[]).toString()).toBe('there');
    expect((await request({ url: `${url}/hops?n=0` }))[0]).toBe(1);
  });

  it('has a method, headers whose numbers become text, and a source', async () => {
    const words = ['some ', Buffer.from('source')];
    const [answer, body] = await gather({
      url: `${url}/echo`,
      method: 'PUT',
      headers: { 'X-Number': 5, 'content-type': 'text/plain' },
      source: () => words.shift(),
    });
    expect(answer[0]).toBe(1);
    const sent = JSON.parse(body) as Seen;
    expect(sent).toMatchObject({ method: 'PUT', body: 'some source' });
    expect(sent.headers).toMatchObject({
      'x-number': '5',
      'content-type': 'text/plain',
      'transfer-encoding': 'chunked',
    });
  });

  it('moves chunks by a step of one’s own, both ways, until that says no', async () => {
    let steps = 0;
    const words = ['a', 'b', 'c'];
    const step: RequestTable['step'] = async (source, sink) => {
      steps++;
      const chunk = await source();
      await sink(chunk ?? null);
      return chunk !== null && chunk !== undefined && chunk !== 'b';
    };
    const [, body] = await gather({ url: `${url}/echo`, method: 'POST', source: () => words.shift(), step });
    expect((JSON.parse(body) as Seen).body).toBe('ab');
    expect(steps).toBeGreaterThan(3);
  });

  it('follows redirects, five in all with those before, or none', async () => {
    const [followed, body] = await gather({ url: `${url}/hops?n=5` });
    expect([followed[1], body]).toEqual([200, 'there']);
    expect((await request({ url: `${url}/hops?n=6` }))[2]).toMatchObject({ code: 'REDIRECT_LIMIT' });
    expect((await request({ url: `${url}/hops?n=2`, nredirects: 4 }))[2]).toMatchObject({ code: 'REDIRECT_LIMIT' });
    const [left, moved] = await gather({ url: `${url}/hops?n=1`, redirect: false });
    expect([left[1], moved]).toEqual([302, 'moved']);
  });

  it('goes by its proxy, or the one of createRequest, and by none of the environment', async () => {
    const targets: unknown[] = [];
    const proxy = new Origin();
    await proxy.start();
    proxy.routes.set('/through', (incoming, response) => {
      targets.push(incoming.url);
      response.end('of the proxy');
    });
    const { http_proxy: before } = process.env;
    process.env['http_proxy'] = proxy.url;
    try {
      expect((await request(`${url}/hops?n=0`))[0]).toBe('there');
      const [, body] = await gather({ url: 'http://origin.test/through', proxy: proxy.url });
      expect(body).toBe('of the proxy');
      expect((await createRequest({ proxy: proxy.url })('http://origin.test/through'))[0]).toBe('of the proxy');
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    }
    expect(targets).toEqual(['http://origin.test/through', 'http://origin.test/through']);
    await proxy.stop();
  });

  it('refuses create', async () => {
    const table = { url: `${url}/echo`, create: () => undefined } as unknown as RequestTable;
    await expect(request(table)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('waits for a sink that answers later, and so does the server', async () => {
    const CHUNKS = 1024;
    let written = 0;
    origin.routes.set('/large', (_, response) => {
      const write = (): void => {
        while (written < CHUNKS) {
          written++;
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', write);
        }
        response.end();
      };
      write();
    });
    let go!: () => void;
    const later = new Promise<void>((resolve) => (go = resolve));
    let bytes = 0;
    const answered = request({ url: `${url}/large`, sink: (chunk) => ((bytes += chunk?.length ?? 0), later) });
    await until(() => bytes > 0, 'begun');
    expect(await settled(() => written)).toBeLessThan(CHUNKS / 2);
    go();
    expect((await answered)[0]).toBe(1);
    expect(bytes).toBe(CHUNKS * 65_536);
  });

  it('cancels where a sink throws, which is the failure', async () => {
    let closed = false;
    origin.routes.set('/endless', (_, response) => {
      response.on('close', () => (closed = true));
      response.write('some');
    });
    const broken = new Error('full');
    const sink = (): never => {
      throw broken;
    };
    expect(await request({ url: `${url}/endless`, sink })).toEqual([null, 'full', broken]);
    await until(() => closed, 'cancelled');
  });

  it('cancels where a step asks for nothing', async () => {
    let closed = false;
    origin.routes.set('/unasked', (_, response) => {
      response.on('close', () => (closed = true));
      response.write('some');
    });
    expect((await request({ url: `${url}/unasked`, step: () => null }))[0]).toBe(1);
    await until(() => closed, 'cancelled');
  });

  it('takes the parts of its address one by one, before those of its URL', async () => {
    const { hostname: host, port } = new URL(url);
    const path = async (table: RequestTable): Promise<unknown> => {
      const [[, , error], body] = await gather(table);
      return body === '' ? error : (JSON.parse(body) as Seen).path;
    };
    expect(await path({ host, port, path: '/echo', query: 'a=1' })).toBe('/echo?a=1');
    expect(await path({ url: 'https://elsewhere.example:1/echo?a=1#f', scheme: 'http', host, port })).toBe('/echo?a=1');
    expect(await path({ url: `${url}/nowhere?a=1`, path: 'echo', query: '' })).toBe('/echo');
    expect(await path({ url: '/echo', host, port: Number(port) })).toBe('/echo');
    for (const table of [{}, { port }, { url: '/echo', port }, { host, port: 'x' }, { host: 'a b' }]) {
      expect(await path(table)).toMatchObject({ code: 'INVALID_URL' });
    }
  });

  it.each<[RequestTable, string]>([
    [{ host: '::1', port: 81, path: 'x' }, 'http://[::1]:81/x'],
    [{ url: 'http://[::1]:81/x', query: 'y' }, 'http://[::1]:81/x?y'],
    [{ url: 'http://me:pw@a.example/x', host: 'b.example' }, 'http://me:pw@b.example/x'],
    [{ url: 'http://a.example:81/x', port: '' }, 'http://a.example/x'],
    [{ url: 'http://a.example/x', scheme: 'https', port: 444 }, 'https://a.example:444/x'],
  ])('of %o asks for %s', async (table, expected) => {
    const asked: unknown[] = [];
    const client = {
      request: (config: unknown) => {
        asked.push((config as RequestConfig).url);
        return EMPTY;
      },
    };
    await createRequest({ client })(table);
    expect(asked).toEqual([expected]);
  });

  it('fails where its source does', async () => {
    const source = (): never => {
      throw new Error('dry');
    };
    expect((await request({ url: `${url}/echo`, method: 'POST', source })).slice(0, 2)).toEqual([null, 'dry']);
  });

  it('goes by the client it is given', async () => {
    origin.routes.set('/agent', (incoming, response) => {
      void bodyOf(incoming).then(() => response.end(incoming.headers['user-agent']));
    });
    const client = createClient({ userAgent: 'compat' });
    expect((await createRequest({ client })(`${url}/agent`))[0]).toBe('compat');
    client.close().subscribe();
  });
});
