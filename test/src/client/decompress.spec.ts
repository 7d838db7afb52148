import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { concatMap, firstValueFrom, lastValueFrom, NEVER, concat, of, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { bytes } from '../../../operators/body/bytes.js';
import { acceptEncoding } from '../../../operators/body/content-coding.js';
import { decodeContent } from '../../../operators/body/decode-content.js';
import { text } from '../../../operators/body/text.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ClientConfig, RequestConfig } from '../../../src/client/request-config.js';
import type { Response } from '../../../src/client/response.js';
import type { ServerResponse } from '../../../src/server/server-response.js';
import { type Arrived, origins } from './origins.js';
import { until } from './raw-server.js';

const TEXT = 'the same again, '.repeat(100);

async function ask(
  answer: ServerResponse,
  request: Partial<RequestConfig> = {},
  config: ClientConfig = {},
): Promise<{ response: Response; arrived: Arrived }> {
  const { network, arrived } = origins(() => answer);
  const response = await firstValueFrom(
    createClient({ network, ...config }).request({ url: 'http://a.test/', ...request }),
  );
  return { response, arrived: arrived[0] as Arrived };
}

const coded = (coding: string, body: Uint8Array, status = 200): ServerResponse => ({
  status,
  fields: { 'content-encoding': coding, 'content-type': 'text/plain', 'content-length': String(body.length) },
  body,
});
const GZIPPED = coded('gzip', gzipSync(TEXT));

describe.each(['1.1', '2'] as const)('content over HTTP/%s', (version) => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['deflate, gzip', gzipSync(deflateSync(TEXT))],
    ['identity', Buffer.from(TEXT)],
  ])('in %s is decoded, and the fields say so', async (coding, body) => {
    const { response, arrived } = await ask(coded(coding, body), { version });
    expect(arrived.fields['accept-encoding']).toBe(acceptEncoding());
    expect(response.fields.has('content-encoding')).toBe(false);
    expect(response.fields.has('content-length')).toBe(false);
    expect(response.fields.get('content-type')).toBe('text/plain');
    expect(response.decoded).toBe(true);
    expect(await lastValueFrom(response.body.pipe(text()))).toBe(TEXT);
  });

  it('is left as it is with decompress: false, of the request or the client', async () => {
    for (const [request, config] of [
      [{ decompress: false }, {}],
      [{}, { decompress: false }],
    ]) {
      const { response, arrived } = await ask(GZIPPED, { version, ...request }, config);
      expect(arrived.fields).not.toHaveProperty('accept-encoding');
      expect([response.fields.get('content-encoding'), response.decoded]).toEqual(['gzip', false]);
      expect(Buffer.from(await lastValueFrom(response.body.pipe(bytes()))).equals(gzipSync(TEXT))).toBe(true);
    }
    const { response } = await ask(GZIPPED, { version, decompress: true }, { decompress: false });
    expect(await lastValueFrom(response.body.pipe(text()))).toBe(TEXT);
  });

  it('of a HEAD has fields only, and they stay', async () => {
    const { response } = await ask({ ...GZIPPED, body: undefined }, { version, method: 'HEAD' });
    expect(response.fields.get('content-encoding')).toBe('gzip');
    expect(await lastValueFrom(response.body.pipe(bytes()))).toHaveLength(0);
  });

  it('without a coding is not touched', async () => {
    const { response } = await ask({ body: TEXT, fields: { 'content-length': String(TEXT.length) } }, { version });
    expect(response.fields.get('content-length')).toBe(String(TEXT.length));
    expect(await lastValueFrom(response.body.pipe(text()))).toBe(TEXT);
  });
});

describe('asking for codings', () => {
  it('what the caller asks for is what is asked for, and it is decoded', async () => {
    const { response, arrived } = await ask(GZIPPED, { headers: { 'Accept-Encoding': 'gzip;q=0.5' } });
    expect(arrived.fields['accept-encoding']).toBe('gzip;q=0.5');
    expect(await lastValueFrom(response.body.pipe(text()))).toBe(TEXT);
    const client = await ask(GZIPPED, {}, { headers: { 'accept-encoding': 'identity' } });
    expect(client.arrived.fields['accept-encoding']).toBe('identity');
  });

  it('nothing is asked for with a Range, and a part is given as it comes', async () => {
    const part = gzipSync(TEXT).subarray(0, 20);
    const { response, arrived } = await ask(coded('gzip', part, 206), { headers: { range: 'bytes=0-19' } });
    expect(arrived.fields).not.toHaveProperty('accept-encoding');
    expect(response.fields.get('content-encoding')).toBe('gzip');
    expect(Buffer.from(await lastValueFrom(response.body.pipe(bytes()))).equals(part)).toBe(true);
  });
});

describe('a coded body', () => {
  it('that is cut short, or no such coding, fails; the connection is free for others', async () => {
    for (const [answer, code] of [
      [coded('gzip', gzipSync(TEXT).subarray(0, 30)), 'BAD_CONTENT'],
      [coded('gzip', Buffer.from('not gzip')), 'BAD_CONTENT'],
      [coded('compress', Buffer.from('x')), 'UNSUPPORTED_CODING'],
      [coded('gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(TEXT)))), 'CODING_LIMIT'],
    ] as const) {
      const { response } = await ask(answer);
      await expect(lastValueFrom(response.body.pipe(bytes()))).rejects.toMatchObject({ code });
    }
  });

  it('decodeContent above finds nothing left to do', async () => {
    const { response } = await ask(GZIPPED);
    expect(await lastValueFrom(of(response).pipe(decodeContent(), text()))).toBe(TEXT);
  });

  it('unsubscribing cancels the exchange', async () => {
    const { network } = origins(() => ({
      fields: { 'content-encoding': 'gzip' },
      body: concat(of(gzipSync(TEXT)), NEVER),
    }));
    const client = createClient({ network });
    const events: string[] = [];
    client.events$.subscribe(({ type }) => events.push(type));
    const first = client.request('http://a.test/').pipe(
      concatMap((response) => response.body),
      take(1),
    );
    expect(Buffer.from(await lastValueFrom(first)).toString()).toBe(TEXT);
    await until(() => events.includes('cancelled'), 'cancelled');
  });

  it('requestEvents tells of it decoded', async () => {
    const { network } = origins(() => GZIPPED);
    const events = await lastValueFrom(createClient({ network }).requestEvents('http://a.test/').pipe(toArray()));
    const read = events.flatMap((event) => (event.type === 'body' ? [event.chunk] : []));
    expect(Buffer.concat(read).toString()).toBe(TEXT);
    const head = events.find((event) => event.type === 'head');
    expect(head?.type === 'head' && head.fields.has('content-encoding')).toBe(false);
  });
});
