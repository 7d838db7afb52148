import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { FrameType } from '../../operators/http2/frame-type.js';
import type { ExchangeEvent } from '../../src/client/exchange-event.js';
import type { ClientConfig, RequestConfig } from '../../src/client/request-config.js';
import {
  block,
  DATA,
  END,
  END_HEADERS,
  frame,
  HEADERS,
  type Http2Peer,
  rawHttp2Server,
  type RawHttp2Server,
  RST_STREAM,
  uint32,
} from '../support/http2-peer.js';
import { clientMeets, DONE, greet, saying } from './http2-client-scene.js';
import type { Rows, Verdict } from './http2-scene.js';
import { ourClient, outcome } from './raw-peer.js';

const MALFORMED: Verdict = ['reset', 1, 'PROTOCOL_ERROR'];
const OK = (...fields: readonly string[]): Uint8Array => HEADERS(1, 0, ':status', '200', ...fields);
const STATUS = (status: string, flags = 0, ...fields: readonly string[]): Uint8Array =>
  HEADERS(1, flags, ':status', status, ...fields);

describe('RFC 9113 §8.1, a response', () => {
  const rows: Rows = [
    ['DATA before the head', [DATA(1, END, 'a')], MALFORMED],
    ['DATA behind an interim response', [STATUS('100'), DATA(1, END, 'a')], MALFORMED],
    ['an interim response that ends the stream', [STATUS('103', END)], MALFORMED],
    ['trailers that do not end it', [OK(), HEADERS(1, 0, 'a', 'b')], MALFORMED],
    ['pseudo-fields in trailers', [OK(), HEADERS(1, END, ':status', '200')], MALFORMED],
    ['a head again', [OK(), OK()], MALFORMED],
    ['101', [STATUS('101')], MALFORMED],
    [
      'interim responses, body and trailers',
      [STATUS('100'), STATUS('103'), OK(), DATA(1, 0, 'a'), HEADERS(1, END, 'a', 'b')],
      ['fine'],
    ],
    ['nothing but a head', [STATUS('204', END)], ['fine']],
  ];
  it.each(rows)(
    'is interim heads, a head, DATA and at most one trailer section at its end: %s',
    async (_, sent, verdict) => {
      const { code, response } = await clientMeets(sent, verdict);
      if (verdict[0] === 'fine') expect(response).toBeDefined();
      else expect(code).toBe('PROTOCOL_ERROR');
    },
  );

  it('trailers and interim responses reach the caller', async () => {
    const sent = [STATUS('103', 0, 'link', '<a>'), OK(), DATA(1, 0, 'body'), HEADERS(1, END, 'checked', 'yes')];
    const { response, body } = await clientMeets(sent, ['fine']);
    expect(body).toBe('body');
    expect(response?.informational.map(({ status, fields }) => [status, fields.get('link')])).toEqual([[103, '<a>']]);
    const trailers = new Promise((resolve) => void response?.trailers.subscribe((fields) => resolve([...fields])));
    expect(await trailers).toMatchObject([{ name: 'checked', value: 'yes' }]);
  });

  it('a client that has its response before its request is over stops sending', async () => {
    const server = await saying([STATUS('204', END)]);
    function* endless(): Generator<Uint8Array> {
      for (;;) yield new Uint8Array(16_384);
    }
    const { response } = await outcome({ url: server.url, version: '2', method: 'POST', body: endless() });
    expect(response?.status).toBe(204);
    await server.peers[0]?.reset(1, 'NO_ERROR');
  });

  it('a client that goes away from a request stops sending, and resets it', async () => {
    const server = await saying([]);
    function* endless(): Generator<Uint8Array> {
      for (;;) yield new Uint8Array(16_384);
    }
    const config = { url: server.url, version: '2', method: 'POST', body: endless() } as const;
    const client = ourClient();
    const request = client.request(config).subscribe({ error: () => undefined });
    while (!server.peers[0]?.heard.some(({ type }) => type === FrameType.DATA)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    request.unsubscribe();
    await server.peers[0]?.reset(1, 'CANCEL');
  });

  it('a server that stops the request with NO_ERROR behind its response has answered it', async () => {
    const sent = [OK('content-length', '4'), DATA(1, END, 'done'), RST_STREAM(1, 0)];
    expect((await clientMeets(sent, ['fine'])).body).toBe('done');
  });
});

describe('RFC 9113 §8.1.1, content-length of a response', () => {
  const rows: Rows = [
    ['less', [OK('content-length', '5'), DATA(1, END, 'test')], MALFORMED],
    ['more', [OK('content-length', '3'), DATA(1, END, 'test')], MALFORMED],
    ['none', [STATUS('200', END, 'content-length', '3')], MALFORMED],
    ['twice', [OK('content-length', '4', 'content-length', '4'), DATA(1, END, 'test')], MALFORMED],
    ['no number', [OK('content-length', 'x'), DATA(1, END, 'test')], MALFORMED],
    ['DATA of 204', [STATUS('204'), DATA(1, END, 'test')], MALFORMED],
    ['DATA of 304', [STATUS('304'), DATA(1, END, 'test')], MALFORMED],
    ['a length of 304, which has no body', [STATUS('304', END, 'content-length', '9')], ['fine']],
    ['empty DATA of 204', [STATUS('204'), DATA(1, END)], ['fine']],
    ['what there is', [OK('content-length', '4'), DATA(1, END, 'test')], ['fine']],
  ];
  it.each(rows)('a body of another length than declared is malformed: %s', async (_, sent, verdict) => {
    await clientMeets(sent, verdict);
  });

  it('the response to HEAD declares a length it does not have', async () => {
    const head = { request: { method: 'HEAD' } };
    expect((await clientMeets([STATUS('200', END, 'content-length', '9')], ['fine'], head)).body).toBe('');
    await clientMeets([OK('content-length', '4'), DATA(1, END, 'test')], MALFORMED, head);
  });
});

describe('RFC 9113 §8.2 and §8.3.2, fields of a response', () => {
  const rows: Rows = [
    ['no status', [HEADERS(1, END, 'a', 'b')], MALFORMED],
    ['two of them', [STATUS('200', END, ':status', '200')], MALFORMED],
    ['one behind a field', [HEADERS(1, END, 'a', 'b', ':status', '200')], MALFORMED],
    ['of two digits', [STATUS('20', END)], MALFORMED],
    ['of no digits', [STATUS('2xx', END)], MALFORMED],
    ['of a class there is not', [STATUS('600', END)], MALFORMED],
    ['a pseudo-field of requests', [STATUS('200', END, ':path', '/')], MALFORMED],
    ['an unknown pseudo-field', [STATUS('200', END, ':test', '/')], MALFORMED],
    ['upper case in a name', [STATUS('200', END, 'A', 'b')], MALFORMED],
    ['a name that is empty', [STATUS('200', END, '', 'b')], MALFORMED],
    ['a name with a blank', [STATUS('200', END, 'a b', 'b')], MALFORMED],
    ['NUL in a value', [STATUS('200', END, 'a', 'b\0')], MALFORMED],
    ['line breaks in a value', [STATUS('200', END, 'a', 'b\r\nc: d')], MALFORMED],
    ['a blank before a value', [STATUS('200', END, 'a', ' b')], MALFORMED],
    ['connection', [STATUS('200', END, 'connection', 'close')], MALFORMED],
    ['keep-alive', [STATUS('200', END, 'keep-alive', '1')], MALFORMED],
    ['proxy-connection', [STATUS('200', END, 'proxy-connection', 'a')], MALFORMED],
    ['transfer-encoding', [STATUS('200', END, 'transfer-encoding', 'chunked')], MALFORMED],
    ['upgrade', [STATUS('200', END, 'upgrade', 'h2c')], MALFORMED],
  ];
  it.each(rows)('a malformed one resets its stream and is told to nobody: %s', async (_, sent, verdict) => {
    expect(await clientMeets(sent, verdict)).toEqual({ code: 'PROTOCOL_ERROR' });
  });
});

/** What a raw server hears of one request of ours. */
async function asked(request: Partial<RequestConfig>, config: ClientConfig = {}): Promise<string[]> {
  const server = await saying([DONE(1)]);
  await outcome({ url: server.url, version: '2', ...request }, ourClient({ userAgent: '', ...config }));
  const peer = server.peers[0] as Http2Peer;
  const head = peer.heard.find(({ type }) => type === FrameType.HEADERS);
  return [...peer.list(head as never)];
}

describe('RFC 9113 §8.2 and §8.3.1, the head of a request of ours', () => {
  it('has its pseudo-fields first and once, in lower case, and no Host', async () => {
    const list = await asked({ headers: { 'X-Custom': 'A', Host: 'example.com' }, decompress: false });
    const [method, get, scheme, http, authority, host, path, slash, ...fields] = list;
    expect([method, get, scheme, http, path, slash]).toEqual([':method', 'GET', ':scheme', 'http', ':path', '/']);
    expect([authority, host]).toEqual([':authority', 'example.com']);
    expect(fields).toEqual(['x-custom', 'A']);
  });

  it('§8.3.1: path and query go without fragment, userinfo nowhere but in authorization, an empty path as /', async () => {
    const server = await saying([DONE(1)]);
    const url = server.url.replace('http://', 'http://user:secret@').replace(/\/$/, '?a=b#c');
    await outcome({ url, version: '2' });
    const peer = server.peers[0] as Http2Peer;
    const fields = peer.fields(peer.heard.find(({ type }) => type === FrameType.HEADERS) as never);
    expect(fields[':path']).toBe('/?a=b');
    expect(fields[':authority']).toBe(`127.0.0.1:${server.port}`);
    expect(fields['authorization']).toMatch(/^Basic /);
  });

  it('§8.3.1: OPTIONS of a server as a whole sends *', async () => {
    expect(await asked({ method: 'OPTIONS', target: '*' })).toEqual(expect.arrayContaining([':path', '*']));
  });

  it('§8.2.2: leaves out what belongs to one connection, and TE of anything but trailers', async () => {
    const headers = {
      connection: 'close',
      'keep-alive': '1',
      'transfer-encoding': 'chunked',
      upgrade: 'x',
      te: 'gzip',
    };
    const names = (await asked({ headers, decompress: false })).filter((_, i) => i % 2 === 0);
    expect(names).toEqual([':method', ':scheme', ':authority', ':path']);
    expect(await asked({ headers: { te: 'trailers' } })).toEqual(expect.arrayContaining(['te', 'trailers']));
  });

  it('§8.2: pseudo-fields are not for the caller to set', async () => {
    const server = await saying([DONE(1)]);
    const { code } = await outcome({ url: server.url, version: '2', headers: [[':path', '/other']] });
    expect(code).toBe('INVALID_FIELD_NAME');
  });

  it('§8.1.1: a body that is not as long as declared is not sent to its end', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.RST_STREAM, 1);
    });
    const headers = { 'content-length': '10' };
    const config = { url: server.url, version: '2', method: 'POST', headers, body: ['short'] } as const;
    expect((await outcome(config)).code).toBeDefined();
    await server.peers[0]?.until('the end', () => server.peers[0]?.heard.some(({ type }) => type === 3) === true);
    expect(server.peers[0]?.heard.filter(({ type, flags }) => type === FrameType.DATA && flags === END)).toEqual([]);
  });
});

interface Pushed {
  readonly peer: Http2Peer;
  readonly events: readonly ExchangeEvent[];
  /** Of each push that we were told of: its body, or the code of its error. */
  readonly bodies: readonly string[];
  /** The status of the response it came with, or the code of its error. */
  readonly status: number | string | undefined;
}

/**
 * A server that sends what `promise` makes for its authority, then the response to stream 1; on the connection, if it goes
 * on, another request is answered.
 */
async function pushed(
  promise: (authority: string) => readonly Uint8Array[],
  { takes = true, settings = {} }: { takes?: boolean; settings?: object } = {},
): Promise<Pushed> {
  const server = await rawHttp2Server(async (peer) => {
    await greet(peer);
    const head = await peer.frame(FrameType.HEADERS, 1);
    peer.send(...promise(peer.fields(head)[':authority'] as string), DONE(1));
    await peer.frame(FrameType.HEADERS, 3);
    peer.send(DONE(3));
  });
  const client = ourClient({ http2: { settings: { enablePush: true, ...settings } }, maxRetries: 0 });
  const events: ExchangeEvent[] = [];
  const bodies: Promise<string>[] = [];
  let status: number | string | undefined;
  await new Promise<void>((resolve) => {
    client.requestEvents({ url: server.url, version: '2' }).subscribe({
      next: (event) => {
        events.push(event);
        if (event.type === 'head') status = event.status;
        if (event.type !== 'push' || !takes) return;
        const body = firstValueFrom(event.response.pipe(text()));
        bodies.push(body.catch(({ code }: { code: string }) => code));
      },
      error: ({ code }: { code: string }) => {
        status = code;
        resolve();
      },
      complete: resolve,
    });
  });
  const peer = server.peers[0] as Http2Peer;
  if (peer.heard.every(({ type }) => type !== FrameType.GOAWAY) && typeof status === 'number') {
    await outcome({ url: server.url, version: '2' }, client);
  }
  return { peer, events, bodies: await Promise.all(bodies), status };
}

describe('RFC 9113 §8.4, server push to a client that asked for it', () => {
  const request = (authority: string, changes: Readonly<Record<string, string>> = {}): string[] =>
    Object.entries({ ':method': 'GET', ':scheme': 'http', ':authority': authority, ':path': '/p', ...changes }).flat();
  const PROMISE = (promised: number, ...list: readonly string[]): Uint8Array =>
    frame(FrameType.PUSH_PROMISE, END_HEADERS, 1, uint32(promised), block(...list));
  const RESPONSE = [HEADERS(2, 0, ':status', '200'), DATA(2, END, 'pushed')];

  it('a push and its response reach the caller', async () => {
    const { events, bodies, status } = await pushed((authority) => [PROMISE(2, ...request(authority)), ...RESPONSE]);
    const push = events.find((event) => event.type === 'push');
    expect(push?.request).toMatchObject({ method: 'GET', url: expect.stringMatching(/^http:.*\/p$/) as string });
    expect([bodies, status]).toEqual([['pushed'], 204]);
  });

  it('one that nobody takes is reset with CANCEL', async () => {
    const { peer, status } = await pushed((authority) => [PROMISE(2, ...request(authority))], { takes: false });
    await peer.reset(2, 'CANCEL');
    expect(status).toBe(204);
  });

  it('more than MAX_CONCURRENT_STREAMS of ours are refused', async () => {
    const settings = { maxConcurrentStreams: 1 };
    const promise = (authority: string): Uint8Array[] => [
      PROMISE(2, ...request(authority)),
      PROMISE(4, ...request(authority)),
      ...RESPONSE,
    ];
    const { peer, bodies } = await pushed(promise, { settings });
    await peer.reset(4, 'REFUSED_STREAM');
    expect(bodies).toEqual(['pushed']);
  });

  it.each([
    ['of another host', { ':authority': 'other.example' }],
    ['of another scheme', { ':scheme': 'https' }],
    ['of another port', { ':authority': '127.0.0.1:1' }],
    ['for POST', { ':method': 'POST' }],
    ['with content', { 'content-length': '3' }],
    ['without a path', { ':path': '' }],
    ['with an unknown pseudo-field', { ':test': '' }],
    ['with upper case', { Upper: '' }],
  ] as const)('one %s is reset with PROTOCOL_ERROR, the stream it came on goes on', async (_, changes) => {
    const { peer, events, status } = await pushed((authority) => [PROMISE(2, ...request(authority, changes))]);
    await peer.reset(2, 'PROTOCOL_ERROR');
    expect(status).toBe(204);
    expect(events.filter(({ type }) => type === 'push')).toEqual([]);
  });

  it('one whose fields pass a limit is reset, and HPACK goes on behind it', async () => {
    const many = Array.from({ length: 400 }, (_, i) => [`a${i}`, 'x']).flat();
    const enters = [[0x40, 1], 'k', [1], 'v'] as const;
    const { peer, events, status } = await pushed((authority) => [
      frame(FrameType.PUSH_PROMISE, END_HEADERS, 1, uint32(2), block(...request(authority)), ...enters, block(...many)),
      frame(FrameType.HEADERS, END_HEADERS, 1, block(':status', '103'), 0xbe),
    ]);
    await peer.frame(FrameType.RST_STREAM, 2);
    const hint = events.find((event) => event.type === 'informational');
    expect([hint?.fields.get('k'), status]).toEqual(['v', 204]);
  });

  it.each([
    ['on stream 0', (a: string) => frame(5, END_HEADERS, 0, uint32(2), block(...request(a)))],
    ['on an idle stream', (a: string) => frame(5, END_HEADERS, 3, uint32(2), block(...request(a)))],
    ['of an odd stream', (a: string) => PROMISE(3, ...request(a))],
    ['of stream 0', (a: string) => PROMISE(0, ...request(a))],
    ['too much padding', (a: string) => frame(5, END_HEADERS | 0x8, 1, 255, uint32(2), block(...request(a)))],
  ] as const)('§6.6: a PUSH_PROMISE %s ends the connection', async (_, make) => {
    const { peer, status } = await pushed((authority) => [make(authority)]);
    await peer.goaway('PROTOCOL_ERROR');
    expect(status).toBe('PROTOCOL_ERROR');
  });

  it('§6.6: one on a stream that its sender has ended ends the connection', async () => {
    const client = { http2: { settings: { enablePush: true } } };
    await clientMeets([DONE(1), PROMISE(2, ...request('a'))], ['goaway', 'PROTOCOL_ERROR'], { client });
  });

  it('§5.1.1: a promised stream is above those before it', async () => {
    const { peer } = await pushed((a) => [PROMISE(4, ...request(a)), PROMISE(2, ...request(a))]);
    await peer.goaway('PROTOCOL_ERROR');
  });

  it.each([
    ['DATA', DATA(2, END, 'a')],
    ['WINDOW_UPDATE', frame(FrameType.WINDOW_UPDATE, 0, 2, uint32(1))],
  ])('§5.1: reserved (remote): %s ends the connection', async (_, sent) => {
    const { peer } = await pushed((authority) => [PROMISE(2, ...request(authority)), sent]);
    await peer.goaway('PROTOCOL_ERROR');
  });

  it('§5.1: reserved (remote): RST_STREAM takes the push back', async () => {
    const { bodies, status } = await pushed((a) => [PROMISE(2, ...request(a)), RST_STREAM(2, 8)]);
    expect([bodies, status]).toEqual([['CANCEL'], 204]);
  });
});

describe('RFC 9113 §8.5, CONNECT of a client', () => {
  const CONNECT = { method: 'CONNECT', target: 'a.example:443' };

  it('sends :method and :authority, and nothing else', async () => {
    expect(await asked(CONNECT)).toEqual([':method', 'CONNECT', ':authority', 'a.example:443']);
  });

  it('carries bytes both ways until either side ends', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer);
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(OK('content-length', '1'), DATA(1, 0, 'hello'));
      expect((await peer.message(1)).body).toBe('there');
      peer.send(DATA(1, END, '!'));
    });
    const response = await firstValueFrom(ourClient().request({ url: server.url, version: '2', ...CONNECT }));
    const socket = response.upgraded as NonNullable<typeof response.upgraded>;
    const said = firstValueFrom(socket.pipe(text()));
    socket.next(Buffer.from('there'));
    socket.complete();
    expect(await said).toBe('hello!');
  });

  it('HEADERS of the server on it are a stream error', async () => {
    const server = await saying([OK(), HEADERS(1, END, 'a', 'b')]);
    const response = await firstValueFrom(ourClient().request({ url: server.url, version: '2', ...CONNECT }));
    const said = firstValueFrom((response.upgraded as NonNullable<typeof response.upgraded>).pipe(text()));
    await expect(said).rejects.toMatchObject({ code: 'PROTOCOL_ERROR' });
    await server.peers[0]?.reset(1, 'PROTOCOL_ERROR');
  });

  it('a response that is not 2xx is an ordinary one, with body and trailers', async () => {
    const sent = [STATUS('407'), DATA(1, 0, 'no'), HEADERS(1, END, 'a', 'b')];
    const { response, body } = await clientMeets(sent, ['reset', 1, 'NO_ERROR'], { request: CONNECT });
    expect([response?.status, body]).toEqual([407, 'no']);
  });
});

describe('RFC 9113 §8.7, request reliability', () => {
  /** A server that refuses `count` requests, each in its way. */
  async function refusing(refusal: (streamId: number) => Uint8Array, count: number): Promise<RawHttp2Server> {
    let refused = 0;
    return rawHttp2Server(async (peer) => {
      await greet(peer);
      for (;;) {
        const { streamId } = await peer.take('a request', ({ type }) => type === FrameType.HEADERS);
        peer.send(refused++ < count ? refusal(streamId) : DONE(streamId));
      }
    });
  }

  it.each([
    ['GET', undefined],
    ['POST', 'body'],
  ])('a request that was refused with REFUSED_STREAM is sent again: %s', async (method, body) => {
    const { url } = await refusing((streamId) => RST_STREAM(streamId, 7), 1);
    expect((await outcome({ url, version: '2', method, body })).response?.status).toBe(204);
  });

  it('but not for ever', async () => {
    const server = await refusing((streamId) => RST_STREAM(streamId, 7), Infinity);
    expect((await outcome({ url: server.url, version: '2' })).code).toBe('REFUSED_STREAM');
    const heads = server.peers.flatMap(({ heard }) => heard.filter(({ type }) => type === FrameType.HEADERS));
    expect(heads).toHaveLength(2);
  });

  it.each([
    ['CANCEL', 8],
    ['INTERNAL_ERROR', 2],
    ['ENHANCE_YOUR_CALM', 11],
  ])('one that may have been looked at is not: %s', async (code, number) => {
    const server = await refusing((streamId) => RST_STREAM(streamId, number), 1);
    expect((await outcome({ url: server.url, version: '2', method: 'POST', body: 'x' })).code).toBe(code);
    expect(server.peers[0]?.heard.filter(({ type }) => type === FrameType.HEADERS)).toHaveLength(1);
  });
});
