import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient } from '../../../src/client/create-client.js';
import { createFetch, fetch } from '../../../src/compat/fetch.js';
import { CookieStore } from '../../../src/stores/cookie-store.js';
import { bodyOf, Origin, type Seen, settled, until } from './origin.js';

/** Each test runs on both: Node's own fetch says what is right. */
const PEERS: readonly (readonly [string, typeof globalThis.fetch])[] = [
  ['rxweir', fetch],
  ['node', globalThis.fetch],
];

const origin = new Origin();
let url: string;

beforeAll(async () => {
  await origin.start();
  url = origin.url;
});
afterAll(() => origin.stop());
beforeEach(() => {
  origin.aborted.length = 0;
});

const jsonOf = async (response: Response): Promise<Seen> => (await response.json()) as Seen;

describe.each(PEERS)('the samples of the documentation of fetch, on %s', (_, fetch) => {
  it('make a request and read JSON', async () => {
    async function getData() {
      const response = await fetch(`${url}/echo`);
      if (!response.ok) {
        throw new Error(`Response status: ${response.status}`);
      }
      return response.json();
    }
    expect(await getData()).toMatchObject({ method: 'GET', path: '/echo', body: '' });
  });

  it('tell an error status by ok', async () => {
    const response = await fetch(`${url}/nowhere`);
    expect([response.ok, response.status, response.statusText]).toEqual([false, 404, 'Not Found']);
    expect(await response.text()).toBe('nothing here');
  });

  it('post JSON', async () => {
    const response = await fetch(`${url}/echo`, {
      method: 'POST',
      mode: 'cors',
      cache: 'no-cache',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
      redirect: 'follow',
      referrerPolicy: 'no-referrer',
      body: JSON.stringify({ username: 'example' }),
    } as RequestInit);
    const seen = await jsonOf(response);
    expect(seen).toMatchObject({ method: 'POST', body: '{"username":"example"}' });
    expect(seen.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '22', accept: '*/*' });
  });

  it('post text, parameters, forms, Blobs and bytes', async () => {
    const post = async (body: NonNullable<RequestInit['body']>): Promise<Seen> =>
      jsonOf(await fetch(`${url}/echo`, { method: 'POST', body }));
    const text = await post('a test ✓');
    expect(Buffer.from(text.body, 'latin1').toString()).toBe('a test ✓');
    expect(text.headers).toMatchObject({ 'content-type': 'text/plain;charset=UTF-8', 'content-length': '10' });
    const parameters = await post(new URLSearchParams({ username: 'example', password: 'a b' }));
    expect(parameters.body).toBe('username=example&password=a+b');
    expect(parameters.headers['content-type']).toBe('application/x-www-form-urlencoded;charset=UTF-8');
    const blob = await post(new Blob(['abc'], { type: 'text/x-abc' }));
    expect(blob).toMatchObject({ body: 'abc', headers: { 'content-type': 'text/x-abc', 'content-length': '3' } });
    const bytes = new Uint8Array([0x30, 0x31, 0x32, 0x33]);
    expect(await post(bytes.subarray(1, 3))).toMatchObject({ body: '12', headers: { 'content-length': '2' } });
    expect(await post(bytes.buffer)).toMatchObject({ body: '0123', headers: { 'content-length': '4' } });

    const formData = new FormData();
    formData.append('username', 'example');
    formData.append('avatar', new Blob(['picture'], { type: 'image/png' }), 'avatar.png');
    const form = await post(formData);
    const [, boundary] = /^multipart\/form-data; boundary=(.+)$/.exec(String(form.headers['content-type'])) ?? [];
    expect(form.body.split(`--${boundary}`)).toHaveLength(4);
    expect(form.body).toContain('name="avatar"; filename="avatar.png"\r\nContent-Type: image/png\r\n\r\npicture');
    expect(Number(form.headers['content-length'])).toBe(form.body.length);
  });

  it('make a request of a Request, with its length where it is known', async () => {
    const myHeaders = new Headers();
    myHeaders.append('Content-Type', 'application/json');
    const request = new Request(`${url}/echo`, {
      method: 'POST',
      body: JSON.stringify({ username: 'example' }),
      headers: myHeaders,
    });
    const seen = await jsonOf(await fetch(request));
    expect(seen).toMatchObject({ method: 'POST', body: '{"username":"example"}' });
    expect(seen.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '22' });
    expect(request.bodyUsed).toBe(true);
    await expect(fetch(request)).rejects.toThrow(TypeError);
  });

  it('make more than one request of a clone, and lay options over it', async () => {
    const request1 = new Request(`${url}/echo`, { method: 'POST', body: 'first', headers: { a: '1', b: '2' } });
    const request2 = request1.clone();
    expect(await jsonOf(await fetch(request1))).toMatchObject({ body: 'first', headers: { a: '1', b: '2' } });
    const second = await jsonOf(await fetch(request2, { headers: { a: '3' }, method: 'PUT' }));
    expect(second).toMatchObject({ method: 'PUT', body: 'first', headers: { a: '3' } });
    expect(second.headers['b']).toBeUndefined();
  });

  it('check the headers of what came', async () => {
    origin.routes.set('/cookies', (_, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('x-two', ['1', '2']).end();
    });
    const response = await fetch(`${url}/cookies`);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(response.headers.get('X-Two')).toBe('1, 2');
    expect(() => response.headers.set('x-two', '3')).toThrow(TypeError);
    expect(() => response.headers.append('x-two', '3')).toThrow(TypeError);
    expect(() => response.headers.delete('x-two')).toThrow(TypeError);
    const copy = new Headers(response.headers);
    copy.set('x-two', '3');
    expect(copy.get('x-two')).toBe('3');
  });

  it('read the body as a stream, with for await, by lines, and into a buffer of their own', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `line ${i}`);
    origin.routes.set('/lines', (_, response) => response.end(lines.join('\n')));
    let size = 0;
    const streamed = await fetch(`${url}/lines`);
    for await (const chunk of streamed.body as ReadableStream<Uint8Array>) size += chunk.length;
    expect(size).toBe(lines.join('\n').length);

    async function* makeTextFileLineIterator(fileURL: string): AsyncGenerator<string> {
      const response = await fetch(fileURL);
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let { value: chunk = '', done: readerDone } = await reader.read();
      const newline = /\r?\n/gm;
      let startIndex = 0;
      for (;;) {
        const result = newline.exec(chunk);
        if (!result) {
          if (readerDone) break;
          const remainder = chunk.substring(startIndex);
          ({ value: chunk = '', done: readerDone } = await reader.read());
          chunk = remainder + chunk;
          startIndex = newline.lastIndex = 0;
          continue;
        }
        yield chunk.substring(startIndex, result.index);
        startIndex = newline.lastIndex;
      }
      if (startIndex < chunk.length) yield chunk.substring(startIndex);
    }
    const seen: string[] = [];
    for await (const line of makeTextFileLineIterator(`${url}/lines`)) seen.push(line);
    expect(seen).toEqual(lines);

    const own = await fetch(`${url}/lines`);
    const reader = own.body!.getReader({ mode: 'byob' });
    let all = '';
    for (let buffer = new Uint8Array(1000); ;) {
      const { done, value } = await reader.read(buffer);
      all += Buffer.from(value ?? []).toString();
      if (done || value === undefined) break;
      expect(value.length).toBeLessThanOrEqual(1000);
      buffer = new Uint8Array(value.buffer);
    }
    expect(all).toBe(lines.join('\n'));
  });

  it.each([1, 3])('read it by elements that %i bytes do not fill', async (length) => {
    origin.routes.set('/odd', (_, response) => response.end('a'.repeat(length)));
    const { body } = await fetch(`${url}/odd`);
    const reader = body!.getReader({ mode: 'byob' });
    const read = async (): Promise<void> => {
      for (;;) if ((await reader.read(new Uint16Array(4))).done) return;
    };
    await expect(read()).rejects.toThrow(TypeError); // as by the standard, and nobody else's process ends by it
  });

  it('read it as every kind of thing', async () => {
    origin.routes.set('/form', (_, response) => {
      response.setHeader('content-type', 'application/x-www-form-urlencoded').end('a=1&b=2');
    });
    const get = () => fetch(`${url}/form`);
    expect(await (await get()).text()).toBe('a=1&b=2');
    expect(Buffer.from(await (await get()).arrayBuffer()).toString()).toBe('a=1&b=2');
    const blob = await (await get()).blob();
    expect([blob.size, blob.type]).toEqual([7, 'application/x-www-form-urlencoded']);
    expect([...((await (await get()).formData()) as unknown as Iterable<unknown>)]).toEqual([['a', '1'], ['b', '2']]); // prettier-ignore
    await expect((await get()).json()).rejects.toThrow(SyntaxError);
  });

  it('clone a response, and refuse a body that was used', async () => {
    const response1 = await fetch(`${url}/echo`);
    const response2 = response1.clone();
    expect([response2.url, response2.type, response2.status, response2.redirected]).toEqual([`${url}/echo`, 'basic', 200, false]); // prettier-ignore
    expect(await response1.text()).toBe(await response2.text());
    expect(response1.bodyUsed).toBe(true);
    await expect(response1.text()).rejects.toThrow(TypeError);
    expect(() => response1.clone()).toThrow(TypeError);
    expect(response1).toBeInstanceOf(Response);
  });

  it('have no body where there is none', async () => {
    for (const status of [204, 205, 304]) {
      origin.routes.set(`/${status}`, (_, response) => response.writeHead(status).end());
      const response = await fetch(`${url}/${status}`);
      expect([response.status, response.body, await response.text()]).toEqual([status, null, '']);
    }
    const head = await fetch(`${url}/echo`, { method: 'head' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const empty = await fetch(`${url}/echo`, { method: 'POST' });
    expect((await jsonOf(empty)).headers['content-length']).toBe('0');
  });

  it('send a stream, and what is piped through another', async () => {
    const stream = new ReadableStream({
      async start(controller) {
        for (const word of ['This ', 'is ', 'a ', 'slow ', 'request.']) {
          await new Promise((resolve) => setImmediate(resolve));
          controller.enqueue(word);
        }
        controller.close();
      },
    }).pipeThrough(new TextEncoderStream());
    const seen = await jsonOf(
      await fetch(`${url}/echo`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/plain' },
        body: stream,
        duplex: 'half',
      }),
    );
    expect(seen).toMatchObject({ body: 'This is a slow request.', headers: { 'transfer-encoding': 'chunked' } });
  });

  it('answer while the body is still being sent', async () => {
    origin.routes.set('/upper', (request, response) => {
      request.on('data', (chunk: Buffer) => response.write(chunk.toString().toUpperCase()));
      request.on('end', () => response.end());
      response.flushHeaders();
    });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const responsePromise = fetch(`${url}/upper`, { method: 'POST', body: readable, duplex: 'half' });
    await writer.write(Buffer.from('hello'));
    const response = await responsePromise;
    const reader = response.body!.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('HELLO');
    await writer.write(Buffer.from('world'));
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('WORLD');
    await writer.close();
    expect((await reader.read()).done).toBe(true);
  });

  it('read data: and blob: URLs', async () => {
    expect(await (await fetch('data:text/plain,hi%20there')).text()).toBe('hi there');
    const blobUrl = URL.createObjectURL(new Blob(['of a blob']));
    expect(await (await fetch(blobUrl)).text()).toBe('of a blob');
    URL.revokeObjectURL(blobUrl);
  });
});

describe.each(PEERS)('what the standard refuses, on %s', (_, fetch) => {
  const stream = () => new ReadableStream<Uint8Array>();
  const withBody: RequestInit = { body: 'x' };
  it.each<[string, () => Promise<unknown>]>([
    ['a relative URL', () => fetch('/path')],
    ['credentials in the URL', () => fetch(`${url.replace('//', '//user:secret@')}/echo`)],
    ['another scheme', () => fetch('ftp://127.0.0.1/')],
    ['a body on GET', () => fetch(`${url}/echo`, withBody)],
    ['TRACE', () => fetch(`${url}/echo`, { method: 'TRACE' })],
    ['CONNECT', () => fetch(`${url}/echo`, { method: 'CONNECT' })],
    ['a method that is no token', () => fetch(`${url}/echo`, { method: 'A B' })],
    ['a field name that is no token', () => fetch(`${url}/echo`, { headers: { 'a b': 'c' } })],
    ['a line break in a field', () => fetch(`${url}/echo`, { headers: { a: 'b\r\nc: d' } })],
    ['a stream without duplex', () => fetch(`${url}/echo`, { method: 'POST', body: stream() })],
    ['a signal that is none', () => fetch(`${url}/echo`, { signal: {} as AbortSignal })],
    ['a redirect mode that is none', () => fetch(`${url}/echo`, { redirect: 'sometimes' as 'follow' })],
  ])('%s is a TypeError, as a rejection', async (_, make) => {
    await expect(make()).rejects.toThrow(TypeError);
  });

  it('a locked or a used stream is a TypeError', async () => {
    const locked = stream();
    locked.getReader();
    await expect(fetch(`${url}/echo`, { method: 'POST', body: locked, duplex: 'half' })).rejects.toThrow(TypeError);
  });

  it('a network error is a TypeError whose cause tells', async () => {
    const gone = createServer();
    const port = await new Promise<number>((resolve) => {
      gone.listen(0, '127.0.0.1', () => resolve((gone.address() as { port: number }).port));
    });
    await new Promise((resolve) => gone.close(resolve));
    const failure = fetch(`http://127.0.0.1:${port}/`);
    await expect(failure).rejects.toMatchObject({ name: 'TypeError', message: 'fetch failed', cause: { code: 'ECONNREFUSED' } }); // prettier-ignore
  });

  it('a body that is cut off errors what reads it with a TypeError', async () => {
    origin.routes.set('/cut', (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some', () => response.socket?.destroy());
    });
    const response = await fetch(`${url}/cut`);
    await expect(response.text()).rejects.toThrow(TypeError);
  });

  it('a stream that fails while it is sent fails the request, and not the process', async () => {
    const failing = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error('no more'));
      },
    });
    const sent = fetch(`${url}/echo`, { method: 'POST', body: failing, duplex: 'half' });
    await expect(sent).rejects.toMatchObject({ name: 'TypeError' });
  });
});

describe.each(PEERS)('redirects, on %s', (_, fetch) => {
  beforeAll(() => {
    origin.routes.set('/hops', (request, response) => {
      const left = Number(new URL(request.url ?? '', url).searchParams.get('n'));
      if (left > 0) response.writeHead(302, { location: `/hops?n=${left - 1}` }).end();
      else response.end('there');
    });
    for (const status of [301, 302, 303, 307, 308]) {
      origin.routes.set(`/to-${status}`, (request, response) => {
        void bodyOf(request).then(() => response.writeHead(status, { location: '/echo?to' }).end('moved'));
      });
    }
  });

  it('are followed, and the response says where it is from', async () => {
    const response = await fetch(`${url}/hops?n=2#part`);
    expect([response.redirected, response.url, await response.text()]).toEqual([true, `${url}/hops?n=0`, 'there']);
    const direct = await fetch(`${url}/hops?n=0#part`);
    expect([direct.redirected, direct.url, await direct.text()]).toEqual([false, `${url}/hops?n=0`, 'there']);
  });

  it('are followed 20 times, and no more', async () => {
    expect(await (await fetch(`${url}/hops?n=20`)).text()).toBe('there');
    await expect(fetch(`${url}/hops?n=21`)).rejects.toThrow(TypeError);
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'PUT', 'PUT'],
    [301, 'PUT', 'PUT'],
  ])('%i makes of %s %s', async (status, method, becomes) => {
    const init: RequestInit = { method, body: 'kept?' };
    const response = await fetch(`${url}/to-${status}`, init);
    const seen = await jsonOf(response);
    const body = becomes === 'GET' ? '' : 'kept?';
    expect([seen.method, seen.body, seen.headers['content-type'] !== undefined]).toEqual([becomes, body, body !== '']);
  });

  it('that want a stream again are a TypeError', async () => {
    const body = new Blob(['once']).stream();
    await expect(fetch(`${url}/to-307`, { method: 'POST', body, duplex: 'half' })).rejects.toThrow(TypeError);
  });

  it('are refused where they are an error', async () => {
    await expect(fetch(`${url}/to-302`, { redirect: 'error' })).rejects.toThrow(TypeError);
    expect((await fetch(`${url}/echo`, { redirect: 'error' })).status).toBe(200);
  });

  it('are told as they are where they are followed by hand', async () => {
    const response = await fetch(`${url}/to-302`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location'), response.redirected]).toEqual([302, '/echo?to', false]);
    expect(await response.text()).toBe('moved');
  });

  it('without a place to go are responses', async () => {
    origin.routes.set('/nowhere-to-go', (_, response) => response.writeHead(302).end('stay'));
    expect((await fetch(`${url}/nowhere-to-go`)).status).toBe(302);
  });

  it('take no authorization along to another origin', async () => {
    const other = new Origin();
    await other.start();
    origin.routes.set('/away', (_, response) => response.writeHead(302, { location: `${other.url}/echo` }).end());
    const { headers } = await jsonOf(await fetch(`${url}/away`, { headers: { authorization: 'Bearer 1', cookie: 'a=1' } })); // prettier-ignore
    expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined]);
    await other.stop();
  });
});

describe.each(PEERS)('AbortSignal, on %s', (_, fetch) => {
  const silent = '/silent';
  let asked = 0;
  beforeEach(() => {
    asked = 0;
    origin.routes.set(silent, () => void asked++);
  });

  it('rejects at once where it was aborted before, and lets the body go', async () => {
    let cancelled: unknown;
    const body = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
    const reason = new Error('before');
    const signal = AbortSignal.abort(reason);
    await expect(fetch(`${url}${silent}`, { signal, method: 'POST', body, duplex: 'half' })).rejects.toBe(reason);
    expect(asked).toBe(0);
    expect(cancelled).toBe(reason);
  });

  it('cancels while the answer is waited for', async () => {
    const controller = new AbortController();
    const fetched = fetch(`${url}${silent}`, { signal: controller.signal });
    await until(() => asked === 1, 'asked');
    controller.abort();
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => origin.aborted.includes(silent), 'the server sees it');
  });

  it('cancels of a Request too', async () => {
    const controller = new AbortController();
    const fetched = fetch(new Request(`${url}${silent}`, { signal: controller.signal }));
    await until(() => asked === 1, 'asked');
    controller.abort();
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('cancels a body that nobody has begun to read', async () => {
    origin.routes.set('/endless', (_, response) => void response.write('begun'));
    const controller = new AbortController();
    const response = await fetch(`${url}/endless`, { signal: controller.signal });
    controller.abort();
    await expect(response.text()).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => origin.aborted.includes('/endless'), 'the server sees it');
  });

  it('cancels a body that is being read', async () => {
    const controller = new AbortController();
    const response = await fetch(`${url}/endless`, { signal: controller.signal });
    const reader = response.body!.getReader();
    await reader.read();
    const next = reader.read();
    controller.abort('enough');
    await expect(next).rejects.toBe('enough');
    await until(() => origin.aborted.includes('/endless'), 'the server sees it');
  });

  it('does nothing any more once all was read', async () => {
    const controller = new AbortController();
    const response = await fetch(`${url}/echo`, { signal: controller.signal });
    const text = await response.text();
    controller.abort();
    expect(text).toContain('GET');
  });

  it('times out', async () => {
    await expect(fetch(`${url}${silent}`, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' }); // prettier-ignore
  });

  it('is not needed to cancel a body: its stream can be cancelled', async () => {
    const response = await fetch(`${url}/endless`);
    await response.body!.cancel();
    await until(() => origin.aborted.includes('/endless'), 'the server sees it');
  });
});

// Node's fetch reads an endless upload without waiting for anybody, so it is no peer here.
describe('rxweir alone', () => {
  it('cancels while the body is sent, and lets it go', async () => {
    const controller = new AbortController();
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (stream) => stream.enqueue(new Uint8Array(65_536)),
      cancel: () => void (cancelled = true),
    });
    origin.routes.set('/stuck', (request) => request.pause());
    const fetched = fetch(`${url}/stuck`, { method: 'POST', body, duplex: 'half', signal: controller.signal });
    await until(() => origin.sockets.size > 0, 'connected');
    controller.abort();
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => cancelled, 'the source is let go');
  });

  it('asks a stream for more only as the server takes it', async () => {
    const CHUNK = new Uint8Array(65_536);
    const CHUNKS = 1024;
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(stream) {
          if (pulled === CHUNKS) stream.close();
          else {
            pulled++;
            stream.enqueue(CHUNK);
          }
        },
      },
      { highWaterMark: 0 },
    );
    let go!: () => void;
    origin.routes.set('/slow', (request, response) => {
      let bytes = 0;
      go = () => {
        request.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => response.end(String(bytes)));
      };
    });
    const fetched = fetch(`${url}/slow`, { method: 'POST', body, duplex: 'half' });
    await until(() => pulled > 0, 'begun');
    expect(await settled(() => pulled)).toBeLessThan(CHUNKS / 2);
    go();
    expect(await (await fetched).text()).toBe(String(CHUNKS * CHUNK.length));
  });

  it('stops the sender where nobody reads', async () => {
    const CHUNK = Buffer.alloc(65_536);
    const CHUNKS = 1024;
    let written = 0;
    origin.routes.set('/large', (_, response) => {
      const write = (): void => {
        while (written < CHUNKS) {
          written++;
          if (!response.write(CHUNK)) return void response.once('drain', write);
        }
        response.end();
      };
      write();
    });
    const response = await fetch(`${url}/large`);
    const reader = response.body!.getReader();
    let bytes = (await reader.read()).value?.length ?? 0;
    expect(await settled(() => written)).toBeLessThan(CHUNKS / 2);
    for (let step = await reader.read(); !step.done; step = await reader.read()) bytes += step.value.length;
    expect([written, bytes]).toEqual([CHUNKS, CHUNKS * CHUNK.length]);
  });

  it('sends a stream in a Request from its beginning, however it comes', async () => {
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(Buffer.from('at once, '));
        await new Promise((resolve) => setTimeout(resolve, 20));
        controller.enqueue(Buffer.from('and later'));
        controller.close();
      },
    });
    const request = new Request(`${url}/echo`, { method: 'POST', body, duplex: 'half' });
    const seen = await jsonOf(await fetch(request));
    expect([seen.body, seen.headers['transfer-encoding']]).toEqual(['at once, and later', 'chunked']);
  });

  it('lets the stream of a Request go where it is not sent', async () => {
    let cancelled = 0;
    const made = () =>
      new Request('http://127.0.0.1:1/', {
        method: 'POST',
        body: new ReadableStream({ cancel: () => void cancelled++ }, { highWaterMark: 0 }),
        duplex: 'half',
      });
    await expect(fetch(made())).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await until(() => cancelled === 1, 'refused');
    const controller = new AbortController();
    const aborted = fetch(made(), { signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => cancelled === 2, 'aborted');
  });

  it('gives a redirect followed by hand the type opaqueredirect', async () => {
    expect((await fetch(`${url}/to-302`, { redirect: 'manual' })).type).toBe('opaqueredirect');
  });

  it('knows a redirect to the same URL', async () => {
    let turn = 0;
    origin.routes.set('/again', (_, response) => {
      if (turn++ === 0) response.writeHead(302, { location: '/again' }).end();
      else response.end('now');
    });
    const response = await fetch(`${url}/again`);
    expect([response.redirected, response.url]).toEqual([true, `${url}/again`]);
  });

  it('tells a status that a Response cannot be made with', async () => {
    origin.routes.set('/799', (_, response) => response.writeHead(799).end('odd'));
    const response = await fetch(`${url}/799`);
    expect([response.status, response.ok, response.clone().status, await response.text()]).toEqual([799, false, 799, 'odd']); // prettier-ignore
  });

  it.each([
    ['integrity', { integrity: 'sha256-AAAA' }],
    ['dispatcher', { dispatcher: {} }],
    ['a cache there is none', { cache: 'only-if-cached', mode: 'same-origin' }],
  ])('refuses %s', async (_, init) => {
    const refused = fetch(`${url}/echo`, init as RequestInit);
    await expect(refused).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'INVALID_OPTION' } });
  });

  it('does not change protocols', async () => {
    origin.routes.set('/upgrade', (_, response) => {
      response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n');
    });
    const refused = fetch(`${url}/upgrade`, { headers: { connection: 'upgrade', upgrade: 'other' } });
    await expect(refused).rejects.toMatchObject({ name: 'TypeError' });
    await until(() => origin.sockets.size === 0 || origin.aborted.includes('/upgrade'), 'the connection is closed');
  });

  it('goes by the client it is made of', async () => {
    const client = createClient({ headers: { 'x-client': 'mine' }, userAgent: 'compat' });
    const mine = createFetch(client);
    expect((await jsonOf(await mine(`${url}/echo`))).headers).toMatchObject({ 'x-client': 'mine', 'user-agent': 'compat' }); // prettier-ignore
    await new Promise<void>((resolve) => client.close().subscribe({ complete: resolve }));
    await expect(mine(`${url}/echo`)).rejects.toMatchObject({ name: 'TypeError', cause: { code: 'CLIENT_CLOSED' } });
  });

  it('keeps no listener on a signal when it is done', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await (await fetch(`${url}/echo`, { signal })).text();
    await (await fetch(`${url}/endless`, { signal })).body?.cancel();
    expect(added.mock.calls.length).toBe(4);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
  });
});

it("leaves out the client's cookies with credentials: 'omit'", async () => {
  const cookies = new CookieStore();
  cookies.store('a=1; path=/', { url });
  const fetchAs = createFetch(createClient({ cookies }));
  const sent = async (credentials: 'omit' | 'same-origin' | 'include'): Promise<unknown> =>
    (await jsonOf(await fetchAs(`${url}/echo`, { credentials }))).headers['cookie'];
  expect([await sent('omit'), await sent('same-origin'), await sent('include')]).toEqual([undefined, 'a=1', 'a=1']);
});
