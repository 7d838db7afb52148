import { count, lastValueFrom, map, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../operators/body/bytes.js';
import { text } from '../../../operators/body/text.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import { realServer } from '../server/real-server.js';

interface Sent {
  readonly type: string;
  readonly length: string | undefined;
  readonly content: Uint8Array;
}

async function keeping(): Promise<{ url: string; sent: Sent[] }> {
  const sent: Sent[] = [];
  const { url } = await realServer(({ fields, body, path }: ServerRequest) =>
    body.pipe(
      bytes(),
      map((content) => {
        sent.push({ type: fields.get('content-type') ?? '', length: fields.get('content-length'), content });
        return path === '/again' ? { status: 307, fields: { location: '/' } } : { body: 'ok' };
      }),
    ),
  );
  return { url, sent };
}

const client = createClient();
const post = (url: string, body: FormData | URLSearchParams, more: object = {}): Promise<string> =>
  lastValueFrom(client.request({ url, method: 'POST', body, ...more }).pipe(text()));

const parse = ({ content, type }: Sent): Promise<FormData> =>
  new Response(Buffer.from(content), { headers: { 'content-type': type } }).formData();

describe('forms', () => {
  it.each(['1.1', '2'] as const)('urlencoded over HTTP/%s: the type, the length, the content', async (version) => {
    const { url, sent } = await keeping();
    await post(
      url,
      new URLSearchParams([
        ['a', 'b c'],
        ['a', 'é&='],
      ]),
      { version },
    );
    const content = 'a=b+c&a=%C3%A9%26%3D';
    expect(sent).toMatchObject([
      { type: 'application/x-www-form-urlencoded;charset=UTF-8', length: String(content.length) },
    ]);
    expect(Buffer.from((sent[0] as Sent).content).toString()).toBe(content);
  });

  it.each(['1.1', '2'] as const)(
    'multipart over HTTP/%s: a length known before, parts others can read',
    async (version) => {
      const { url, sent } = await keeping();
      const form = new FormData();
      form.append('é "a"', 'line\nline');
      form.append('file', new File([new Uint8Array(100_000).fill(7)], 'ü.bin', { type: 'a/b' }));
      await post(url, form, { version });
      const [one] = sent as [Sent];
      expect(one.length).toBe(String(one.content.length));
      const read = await parse(one);
      const file = read.get('file') as File;
      expect([read.get('é "a"'), file.name, file.type, file.size]).toEqual(['line\r\nline', 'ü.bin', 'a/b', 100_000]);
    },
  );

  it('a type of the caller wins', async () => {
    const { url, sent } = await keeping();
    await post(url, new URLSearchParams({ a: 'b' }), { headers: { 'content-type': 'text/plain' } });
    expect(sent[0]?.type).toBe('text/plain');
  });

  it('boundaries are 144 bits nobody can foresee, another for each request', async () => {
    const { url, sent } = await keeping();
    const form = new FormData();
    form.append('a', 'b');
    const request = client.request({ url, method: 'POST', body: form });
    for (let i = 0; i < 20; i++) await post(url, form);
    await lastValueFrom(request.pipe(text()));
    const boundaries = sent.map(({ type }) => /^multipart\/form-data; boundary=rxweir-([\w-]{24})$/.exec(type)?.[1]);
    expect(boundaries).not.toContain(undefined);
    expect(new Set(boundaries).size).toBe(21);
  });

  it('are sent again by a redirect, files and all', async () => {
    const { url, sent } = await keeping();
    const form = new FormData();
    form.append('file', new File(['content'], 'a.txt'));
    await post(`${url}/again`, form);
    expect(sent).toHaveLength(2);
    for (const one of sent) expect(await ((await parse(one)).get('file') as File).text()).toBe('content');
  });

  it('a file is read as the peer takes it, and never as a whole', async () => {
    const size = 64 * 1024 * 1024;
    let read = 0;
    let largest = 0;
    const piece = new Uint8Array(65_536);
    const file = {
      [Symbol.toStringTag]: 'File',
      name: 'big',
      type: 'a/b',
      size,
      stream: () =>
        new ReadableStream<Uint8Array>(
          {
            pull(controller) {
              if (read >= size) return controller.close();
              read += piece.length;
              return controller.enqueue(piece);
            },
          },
          { highWaterMark: 0 },
        ),
    };
    let received = 0;
    const { url } = await realServer(({ body }) =>
      body.pipe(
        tap(({ length }) => {
          received += length;
          largest = Math.max(largest, read - received);
        }),
        count(),
        map(() => ({ body: String(received) })),
      ),
    );
    const form = {
      [Symbol.toStringTag]: 'FormData',
      *[Symbol.iterator]() {
        yield ['file', file];
      },
    };
    const answer = await post(url, form as unknown as FormData);
    expect(Number(answer)).toBeGreaterThan(size);
    expect(largest).toBeLessThan(8 * 1024 * 1024); // what sockets and queues hold between the two
  });
});
