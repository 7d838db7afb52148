import { describe, expect, it } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import { DATA, END, GET, greetedClient, HEADERS, POST, RST_STREAM } from '../support/http2-peer.js';
import { get, goesOn, type Rows, scene, serverMeets, type Verdict } from './http2-scene.js';
import { ourServer } from './raw-peer.js';

const MALFORMED: Verdict = ['reset', 1, 'PROTOCOL_ERROR'];
const without = (...names: readonly string[]): string[] =>
  GET.flatMap((name, i) => (i % 2 === 0 && !names.includes(name) ? [name, GET[i + 1] as string] : []));
const with_ = (changes: Readonly<Record<string, string>>): string[] => [
  ...without(...Object.keys(changes)),
  ...Object.entries(changes).flat(),
];
const ECHO = get('/echo', 'POST');
/** A request with a body of which `length` is declared. */
const declaring = (length: string): Uint8Array => HEADERS(1, 0, ...POST, 'content-length', length);

describe('RFC 9113 §8.1, an exchange', () => {
  it.each(['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE', 'ANYTHING'])(
    '%s is answered, HEAD without a body',
    async (method) => {
      const { port } = await scene();
      const peer = await greetedClient(port);
      peer.send(HEADERS(1, END, ...get('/', method)));
      const { fields, body } = await peer.message(1);
      expect([fields[':status'], body]).toEqual(['200', method === 'HEAD' ? '' : 'fine']);
    },
  );

  it('a body with trailers is read, and its END_STREAM may be on either', async () => {
    const { port, requests } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...ECHO), DATA(1, 0, 'a'), DATA(1, 0, 'b'), HEADERS(1, END, 'checked', 'yes'));
    expect((await peer.message(1)).body).toBe('ab');
    const trailers = new Promise((resolve) => void requests[0]?.trailers.subscribe(resolve));
    expect(await trailers).toMatchObject({ size: 1 });
  });

  it('trailers of a response end its stream, without pseudo-fields', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...get('/trailers')));
    const { body, trailers } = await peer.message(1);
    expect([body, trailers]).toEqual(['fine', { checked: 'yes' }]);
  });

  it('interim responses go before the final one, and end nothing', async () => {
    const { port } = await ourServer(() => [{ status: 103, fields: { link: '<a>' } }, { body: 'fine' }]);
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET));
    const { interim, fields, body } = await peer.message(1);
    expect([interim, fields[':status'], body]).toEqual([['103'], '200', 'fine']);
  });

  it('a response that is complete before its request lets a short rest come', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...POST));
    expect((await peer.message(1)).body).toBe('fine');
    peer.send(DATA(1, 0, 'late'), DATA(1, END, 'later'));
    expect((await peer.barrier()).filter(({ type }) => type === FrameType.RST_STREAM)).toEqual([]);
    await goesOn(peer);
  });

  it('and stops a long one with NO_ERROR, behind the whole response', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...POST, 'content-length', '1000000'), HEADERS(3, 0, ...POST));
    await peer.reset(1, 'NO_ERROR');
    expect((await peer.message(1)).body).toBe('fine');
    const piece = 'x'.repeat(16_384);
    peer.send(DATA(3, 0, piece), DATA(3, 0, piece), DATA(3, 0, piece), DATA(3, 0, piece), DATA(3, 0, 'x'));
    await peer.reset(3, 'NO_ERROR');
    await goesOn(peer);
  });

  it('a body that the handler lets go of does not cut off the response', async () => {
    const { port } = await ourServer((request) => {
      request.body.subscribe().unsubscribe();
      return { body: 'x'.repeat(20) };
    });
    const peer = await greetedClient(port, [4, 10]);
    peer.send(HEADERS(1, 0, ...POST), DATA(1, 0, 'abc'), DATA(1, END, 'abc'));
    await peer.frame(FrameType.DATA, 1);
    peer.send(frameOfCredit());
    expect((await peer.message(1)).body).toHaveLength(20);
  });

  const rows: Rows = [
    ['HEADERS again that do not end it', [HEADERS(1, 0, ...POST), HEADERS(1, 0, 'a', 'b')], MALFORMED],
    ['trailers that do not end it', [HEADERS(1, 0, ...POST), DATA(1, 0, 'a'), HEADERS(1, 0, 'a', 'b')], MALFORMED],
    ['a head again', [HEADERS(1, 0, ...POST), HEADERS(1, 0, ...POST)], MALFORMED],
    ['pseudo-fields in trailers', [HEADERS(1, 0, ...POST), HEADERS(1, END, ':method', 'GET')], MALFORMED],
    ['upper case in trailers', [HEADERS(1, 0, ...POST), HEADERS(1, END, 'A', 'b')], MALFORMED],
    ['connection in trailers', [HEADERS(1, 0, ...POST), HEADERS(1, END, 'connection', 'b')], MALFORMED],
  ];
  it.each(rows)('a request is a head, DATA and at most one trailer section at its end: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  it('§8.1.1: a malformed request does not get to the handler', async () => {
    const { port, requests } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET, 'Upper', 'x'), HEADERS(3, END, ...GET, 'te', 'gzip'));
    await peer.reset(1, 'PROTOCOL_ERROR');
    await peer.reset(3, 'PROTOCOL_ERROR');
    expect(requests).toEqual([]);
  });
});

function frameOfCredit(): Uint8Array {
  return Uint8Array.of(0, 0, 4, FrameType.WINDOW_UPDATE, 0, 0, 0, 0, 1, 0, 0, 0, 100);
}

describe('RFC 9113 §8.1.1, content-length', () => {
  const rows: Rows = [
    ['less in one DATA', [declaring('5'), DATA(1, END, 'test')], MALFORMED],
    ['more in one DATA', [declaring('1'), DATA(1, END, 'test')], MALFORMED],
    ['less in several', [declaring('9'), DATA(1, 0, 'test'), DATA(1, END, 'test')], MALFORMED],
    ['more in several', [declaring('1'), DATA(1, 0, 'test'), DATA(1, END, 'test')], MALFORMED],
    ['none at all', [HEADERS(1, END, ...POST, 'content-length', '4')], MALFORMED],
    ['none before trailers', [declaring('4'), HEADERS(1, END, 'a', 'b')], MALFORMED],
    ['twice', [HEADERS(1, 0, ...POST, 'content-length', '4', 'content-length', '4'), DATA(1, END, 'test')], MALFORMED],
    ['no number', [declaring('-4')], MALFORMED],
    ['0 where there is none', [HEADERS(1, END, ...POST, 'content-length', '0')], ['fine']],
    ['what there is', [declaring('8'), DATA(1, 0, 'test'), DATA(1, END, 'test')], ['fine']],
    ['padding apart', [declaring('4'), DATA(1, END | 0x8, 2, 'test', [0, 0])], ['fine']],
  ];
  it.each(rows)('a body of another length than declared is malformed: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );
});

describe('RFC 9113 §8.2, fields', () => {
  const names: Rows = [
    ['upper case', [HEADERS(1, END, ...GET, 'X-Test', 'a')], MALFORMED],
    ['no byte', [HEADERS(1, END, ...GET, '', 'a')], MALFORMED],
    ['a blank', [HEADERS(1, END, ...GET, 'a b', 'a')], MALFORMED],
    ['a colon inside', [HEADERS(1, END, ...GET, 'a:b', 'a')], MALFORMED],
    ['a control byte', [HEADERS(1, END, ...GET, 'a\0', 'a')], MALFORMED],
    ['DEL', [HEADERS(1, END, ...GET, 'a\x7f', 'a')], MALFORMED],
    ['a byte above ASCII', [HEADERS(1, END, ...GET, 'a\xe9', 'a')], MALFORMED],
    ['line breaks', [HEADERS(1, END, ...GET, 'a\r\nb', 'a')], MALFORMED],
  ];
  it.each(names)('§8.2.1: a name has lower case and no byte it may not: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  const values: Rows = [
    ['NUL', [HEADERS(1, END, ...GET, 'a', 'b\0c')], MALFORMED],
    ['CR', [HEADERS(1, END, ...GET, 'a', 'b\rc')], MALFORMED],
    ['LF', [HEADERS(1, END, ...GET, 'a', 'b\nc')], MALFORMED],
    ['a blank before it', [HEADERS(1, END, ...GET, 'a', ' b')], MALFORMED],
    ['a tab behind it', [HEADERS(1, END, ...GET, 'a', 'b\t')], MALFORMED],
    ['a NUL in a path', [HEADERS(1, END, ...with_({ ':path': '/\0' }))], MALFORMED],
    ['bytes above ASCII, which are fine', [HEADERS(1, END, ...GET, 'a', 'b\xe9')], ['fine']],
    ['nothing, which is fine', [HEADERS(1, END, ...GET, 'a', '')], ['fine']],
  ];
  it.each(values)('§8.2.1: a value has no byte it may not, and no blanks around it: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  const connection: Rows = [
    ['connection', [HEADERS(1, END, ...GET, 'connection', 'keep-alive')], MALFORMED],
    ['keep-alive', [HEADERS(1, END, ...GET, 'keep-alive', '1')], MALFORMED],
    ['proxy-connection', [HEADERS(1, END, ...GET, 'proxy-connection', 'keep-alive')], MALFORMED],
    ['transfer-encoding', [HEADERS(1, 0, ...POST, 'transfer-encoding', 'chunked')], MALFORMED],
    ['upgrade', [HEADERS(1, END, ...GET, 'upgrade', 'h2c')], MALFORMED],
    ['te of anything but trailers', [HEADERS(1, END, ...GET, 'te', 'trailers, deflate')], MALFORMED],
    ['te of trailers is fine', [HEADERS(1, END, ...GET, 'te', 'trailers')], ['fine']],
  ];
  it.each(connection)('§8.2.2: what belongs to one connection is malformed: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  it('§8.2.2: a server leaves out what belongs to one connection', async () => {
    const fields = {
      connection: 'close',
      'keep-alive': '1',
      upgrade: 'x',
      'transfer-encoding': 'chunked',
      kept: 'yes',
    };
    const { port } = await ourServer(() => ({ fields, body: 'fine' }));
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET));
    const { fields: sent } = await peer.message(1);
    expect(Object.keys(sent).sort()).toEqual([':status', 'content-length', 'content-type', 'date', 'kept']);
  });

  it('§8.2.3: the crumbs of a cookie are put together for the handler', async () => {
    const { port, requests } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET, 'cookie', 'a=1', 'cookie', 'b=2', 'x', 'y', 'cookie', 'c=3'));
    await peer.message(1);
    expect(requests[0]?.fields.getAll('cookie')).toEqual(['a=1; b=2; c=3']);
  });
});

describe('RFC 9113 §8.3, control data', () => {
  const rows: Rows = [
    ['unknown', [HEADERS(1, END, ...GET, ':test', 'a')], MALFORMED],
    ['of a response', [HEADERS(1, END, ...GET, ':status', '200')], MALFORMED],
    [':protocol without CONNECT', [HEADERS(1, END, ...GET, ':protocol', 'websocket')], MALFORMED],
    ['behind a field', [HEADERS(1, END, ...GET.slice(0, 6), 'a', 'b', ':path', '/')], MALFORMED],
    ['no method', [HEADERS(1, END, ...without(':method'))], MALFORMED],
    ['no scheme', [HEADERS(1, END, ...without(':scheme'))], MALFORMED],
    ['no path', [HEADERS(1, END, ...without(':path'))], MALFORMED],
    ['an empty path', [HEADERS(1, END, ...with_({ ':path': '' }))], MALFORMED],
    ['a path that does not begin with a slash', [HEADERS(1, END, ...with_({ ':path': 'a' }))], MALFORMED],
    ['a path of * for GET', [HEADERS(1, END, ...with_({ ':path': '*' }))], MALFORMED],
    ['a path of * for OPTIONS is fine', [HEADERS(1, END, ...get('*', 'OPTIONS'))], ['fine']],
    ['a method that is no token', [HEADERS(1, END, ...with_({ ':method': 'G T' }))], MALFORMED],
    ['an empty method', [HEADERS(1, END, ...with_({ ':method': '' }))], MALFORMED],
    ['a scheme that is none', [HEADERS(1, END, ...with_({ ':scheme': '1' }))], MALFORMED],
    ['an empty authority', [HEADERS(1, END, ...with_({ ':authority': '' }))], MALFORMED],
    ['an authority with user information', [HEADERS(1, END, ...with_({ ':authority': 'u@a' }))], MALFORMED],
    ['the method twice', [HEADERS(1, END, ...GET, ':method', 'GET')], MALFORMED],
    ['the scheme twice', [HEADERS(1, END, ...GET, ':scheme', 'http')], MALFORMED],
    ['the path twice', [HEADERS(1, END, ...GET, ':path', '/')], MALFORMED],
    ['the authority twice', [HEADERS(1, END, ...GET, ':authority', 'a')], MALFORMED],
    ['upper case', [HEADERS(1, END, ...without(':path'), ':Path', '/')], MALFORMED],
    ['nothing at all', [HEADERS(1, END)], MALFORMED],
    ['a host that differs', [HEADERS(1, END, ...GET, 'host', 'b')], MALFORMED],
    ['a second host that differs', [HEADERS(1, END, ...GET, 'host', 'a', 'host', 'b')], MALFORMED],
    ['two hosts and no authority', [HEADERS(1, END, ...without(':authority'), 'host', 'a', 'host', 'b')], MALFORMED],
    ['a host that does not differ is fine', [HEADERS(1, END, ...GET, 'host', 'a')], ['fine']],
    ['a host in place of the authority is fine', [HEADERS(1, END, ...without(':authority'), 'host', 'a')], ['fine']],
  ];
  it.each(rows)('§8.3.1: a request has its pseudo-fields once, first, and valid: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );

  it('§8.3.2: a response has :status, first and once, and no other', async () => {
    const { port } = await scene();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...GET));
    const head = await peer.frame(FrameType.HEADERS, 1);
    expect(peer.list(head).slice(0, 2)).toEqual([':status', '200']);
    expect(peer.list(head).filter((name, i) => i % 2 === 0 && name.startsWith(':'))).toEqual([':status']);
  });
});

describe('RFC 9113 §8.5, CONNECT', () => {
  const CONNECT = [':method', 'CONNECT', ':authority', 'a:443'];
  const rows: Rows = [
    ['with a scheme', [HEADERS(1, 0, ...CONNECT, ':scheme', 'http')], MALFORMED],
    ['with a path', [HEADERS(1, 0, ...CONNECT, ':path', '/')], MALFORMED],
    ['without an authority', [HEADERS(1, 0, ':method', 'CONNECT')], MALFORMED],
    ['with an empty authority', [HEADERS(1, 0, ':method', 'CONNECT', ':authority', '')], MALFORMED],
  ];
  it.each(rows)('it has an authority, no scheme and no path: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  const tunnel = (): ReturnType<typeof ourServer> =>
    ourServer(({ method }) =>
      method === 'CONNECT' ? { upgraded: (socket) => void socket.subscribe(socket) } : { body: 'fine' },
    );

  it('DATA both ways is what is sent through it, and END_STREAM is like FIN', async () => {
    const { port, requests } = await tunnel();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...CONNECT), DATA(1, 0, 'there'));
    expect(peer.fields(await peer.frame(FrameType.HEADERS, 1))).toMatchObject({ ':status': '200' });
    expect(await peer.frame(FrameType.DATA, 1)).toMatchObject({ data: Buffer.from('there') });
    peer.send(DATA(1, END, '!'));
    const { fields, body } = await peer.message(1);
    expect([fields['content-length'], body, requests[0]?.target]).toEqual([undefined, 'there!', 'a:443']);
    await goesOn(peer);
  });

  it('HEADERS on it are a stream error', async () => {
    const { port } = await tunnel();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...CONNECT));
    await peer.frame(FrameType.HEADERS, 1);
    peer.send(HEADERS(1, END, 'a', 'b'));
    await peer.reset(1, 'PROTOCOL_ERROR');
    await goesOn(peer);
  });

  it('RST_STREAM ends it at once', async () => {
    const ended = new Promise<unknown>((resolve) => {
      void ourServer(({ method }) =>
        method === 'CONNECT' ? { upgraded: (socket) => void socket.subscribe({ error: resolve }) } : { body: 'fine' },
      ).then(async ({ port }) => {
        const peer = await greetedClient(port);
        peer.send(HEADERS(1, 0, ...CONNECT));
        await peer.frame(FrameType.HEADERS, 1);
        peer.send(RST_STREAM(1, 0xa));
      });
    });
    expect(await ended).toMatchObject({ code: 'CONNECT_ERROR' });
  });
});

describe('RFC 9113 §8.7, request reliability', () => {
  it('a request that the server has refused was not looked at', async () => {
    const { port, requests } = await scene({ http2: { settings: { maxConcurrentStreams: 1 } } });
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, END, ...get('/never')), HEADERS(3, END, ...get('/refused')));
    await peer.reset(3, 'REFUSED_STREAM');
    expect(requests.map(({ path }) => path)).toEqual(['/never']);
  });
});
