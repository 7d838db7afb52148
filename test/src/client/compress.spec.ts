import { gunzipSync } from 'node:zlib';
import { defer, lastValueFrom, map, of, tap, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { BodySource } from '../../../operators/body/body-source.js';
import { CONTENT_CODINGS } from '../../../operators/body/content-coding.js';
import { decodeContent } from '../../../operators/body/decode-content.js';
import { bytes } from '../../../operators/body/bytes.js';
import { json } from '../../../operators/body/json.js';
import { text } from '../../../operators/body/text.js';
import { createClient } from '../../../src/client/create-client.js';
import type { RequestConfig } from '../../../src/client/request-config.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import { realServer } from '../server/real-server.js';
import { OK, rawServer } from './raw-server.js';

interface Told {
  readonly fields: Readonly<Record<string, string>>;
  readonly received: number;
  readonly body: string;
}

/** Says what it was sent: the fields, the bytes, the content. */
const told = (request: ServerRequest) => {
  let received = 0;
  const body = request.body.pipe(tap((chunk) => (received += chunk.length)));
  return of({ body, fields: request.fields }).pipe(
    decodeContent(),
    text(),
    map((content) => {
      const fields = Object.fromEntries([...request.fields].map(({ name, value }) => [name, value]));
      return { body: JSON.stringify({ fields, received, body: content } satisfies Told) };
    }),
  );
};

const client = createClient();

async function sent(config: Partial<RequestConfig>): Promise<Told> {
  const { url } = await realServer(told);
  return lastValueFrom(client.request({ url, method: 'POST', ...config }).pipe(json<Told>()));
}

const LONG = 'the same again and again, '.repeat(4000);
const form = new FormData();
form.append('a', LONG);

describe('a body with a coding put on it', () => {
  it.each(
    CONTENT_CODINGS.flatMap(
      (coding) =>
        [
          [coding, '1.1' as const],
          [coding, '2' as const],
        ] as const,
    ),
  )('%s over HTTP/%s: is announced, without a length, and is smaller', async (coding, version) => {
    const { fields, received, body } = await sent({ body: LONG, compress: coding, version });
    expect(fields).toMatchObject({ 'content-encoding': coding, 'content-type': 'text/plain;charset=UTF-8' });
    expect(fields).not.toHaveProperty('content-length');
    expect(body).toBe(LONG);
    expect(received).toBeLessThan(LONG.length / 20);
  });

  it.each<[string, BodySource, string]>([
    ['bytes', Buffer.from(LONG), LONG],
    ['nothing', '', ''],
    ['an iterable', ['a', LONG], `a${LONG}`],
    ['an Observable', of('a', 'b'), 'ab'],
    ['a Blob', new Blob([LONG]), LONG],
    ['URLSearchParams', new URLSearchParams({ a: 'b c' }), 'a=b+c'],
  ])('of %s', async (_, body, content) => {
    expect((await sent({ body, compress: 'gzip' })).body).toBe(content);
  });

  it('of a form', async () => {
    const { fields, body } = await sent({ body: form, compress: 'gzip' });
    expect(fields['content-type']).toMatch(/^multipart\/form-data; boundary=rxweir-/);
    expect(body).toContain(LONG);
  });

  it('takes a level', async () => {
    const noise = Array.from({ length: 20_000 }, (_, i) => String((i * 7919) % 9973)).join('');
    const [fast, small] = [
      await sent({ body: noise, compress: { coding: 'gzip', level: 1 } }),
      await sent({ body: noise, compress: { coding: 'gzip', level: 9 } }),
    ];
    expect(small.received).toBeLessThan(fast.received);
    expect(small.body).toBe(noise);
  });

  it('comes on top of what the caller has coded already, and a length of the caller is left out', async () => {
    const coded = Buffer.from('1f8b0800000000000003cb48cdc9c9070086a6103605000000', 'hex'); // gzip of hello
    expect(gunzipSync(coded).toString()).toBe('hello');
    const headers = { 'content-encoding': 'gzip', 'content-length': String(coded.length) };
    const { fields, body } = await sent({ body: coded, headers, compress: 'deflate' });
    expect(fields['content-encoding']).toBe('gzip, deflate');
    expect(body).toBe('hello');
  });

  it('says nothing where there is no body', async () => {
    expect((await sent({ method: 'GET', compress: 'gzip' })).fields).not.toHaveProperty('content-encoding');
  });

  it('is refused where this Node does not have it, and over HTTP/1.0, which knows no end but a length', async () => {
    await expect(sent({ body: 'x', compress: 'lz4' as never })).rejects.toMatchObject({ code: 'UNKNOWN_CODING' });
    await expect(sent({ body: 'x', compress: 'gzip', version: '1.0' })).rejects.toMatchObject({
      code: 'LENGTH_REQUIRED',
    });
  });

  it('passes the error of its source, and the connection is not used again', async () => {
    const failing = defer(() => throwError(() => new Error('disk')));
    await expect(sent({ body: failing as never, compress: 'gzip' })).rejects.toMatchObject({ message: 'disk' });
  });

  it('is coded anew where it is sent again: by a redirect, and by a retry', async () => {
    const { url } = await realServer((request) =>
      request.path === '/' ? { status: 307, fields: { location: '/there' } } : told(request),
    );
    const config: RequestConfig = { url, method: 'PUT', body: [LONG], compress: 'gzip' };
    const { fields, body } = await lastValueFrom(client.request(config).pipe(json<Told>()));
    expect([fields['content-encoding'], body]).toEqual(['gzip', LONG]);

    let connections = 0;
    const received: string[] = [];
    const server = await rawServer((head, socket) => {
      if (head.startsWith('GET') && connections++ === 0) return OK;
      received.push(head.split(' ')[0] as string);
      if (received.length > 1) return OK;
      socket.destroy();
      return undefined;
    });
    const once = createClient();
    await lastValueFrom(once.request(server.url).pipe(bytes()));
    const again = { ...config, url: server.url };
    expect((await lastValueFrom(once.request(again))).status).toBe(200);
    expect(received).toEqual(['PUT', 'PUT']);
  });

  it('drops its coding with its body where a redirect makes it a GET', async () => {
    const { url } = await realServer((request) =>
      request.path === '/' ? { status: 303, fields: { location: '/there' } } : told(request),
    );
    const config: RequestConfig = { url, method: 'POST', body: LONG, compress: 'gzip' };
    expect((await lastValueFrom(client.request(config).pipe(json<Told>()))).fields).not.toHaveProperty(
      'content-encoding',
    );
  });

  it('is pulled only as fast as the peer takes it', async () => {
    let pulled = 0;
    function* noise(): Generator<Uint8Array> {
      let seed = 1;
      for (let i = 0; i < 64; i++) {
        pulled++;
        yield Uint8Array.from({ length: 262_144 }, () => (seed = (seed * 48_271) % 2_147_483_647) & 0xff);
      }
    }
    const { url } = await realServer(() => timer(60_000).pipe(map(() => ({ status: 204 })))); // reads nothing
    const uploading = client.request({ url, method: 'POST', body: noise(), compress: { coding: 'gzip', level: 1 } });
    const subscription = uploading.subscribe({ error: () => undefined });
    let before = -1;
    while (before !== pulled || pulled === 0) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 300)); // until nothing moves any more
    }
    expect(pulled).toBeLessThan(60);
    subscription.unsubscribe();
  });
});
