import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { FrameType } from '../../operators/http2/frame-type.js';
import {
  DATA,
  END,
  greetedClient,
  HEADERS,
  type Http2Peer,
  rawHttp2Server,
  RST_STREAM,
  SETTINGS,
  SETTINGS_ACK,
} from '../support/http2-peer.js';
import { clientMeets, DONE, greet, saying } from './http2-client-scene.js';
import { goesOn, PROTOCOL_ERROR, type Rows, serverMeets, type Verdict } from './http2-scene.js';
import { ourClient, ourServer, outcome, type ServerUnderTest } from './raw-peer.js';

const MALFORMED: Verdict = ['reset', 1, 'PROTOCOL_ERROR'];
const CHAT = [':method', 'CONNECT', ':protocol', 'websocket', ':scheme', 'http', ':path', '/chat', ':authority', 'a'];
const without = (name: string): string[] => {
  const at = CHAT.indexOf(name);
  return [...CHAT.slice(0, at), ...CHAT.slice(at + 2)];
};

/** A server that echoes what comes on streams of the protocol `websocket`, and takes no other. */
function echoing(config: Parameters<typeof ourServer>[1] = {}): Promise<ServerUnderTest> {
  return ourServer(({ upgrade, method }) => {
    if (method !== 'CONNECT') return { body: 'fine' };
    if (upgrade !== 'websocket') return { status: 501 };
    return { upgraded: (socket) => void socket.subscribe(socket) };
  }, config);
}

describe('RFC 8441 §3, SETTINGS_ENABLE_CONNECT_PROTOCOL', () => {
  it('a server says 1 at first, unless told otherwise', async () => {
    const { port } = await echoing();
    const peer = await greetedClient(port);
    expect(peer.heard[0]).toMatchObject({ entries: expect.arrayContaining([{ id: 8, value: 1 }]) as unknown });
    const other = await echoing({ http2: { settings: { enableConnectProtocol: false } } });
    const told = await greetedClient(other.port);
    expect(told.heard[0]).not.toMatchObject({ entries: expect.arrayContaining([{ id: 8, value: 1 }]) as unknown });
  });

  it('a server that does not say 1 takes :protocol for malformed', async () => {
    const { port } = await echoing({ http2: { settings: { enableConnectProtocol: false } } });
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...CHAT));
    await peer.reset(1, 'PROTOCOL_ERROR');
    await goesOn(peer);
  });

  const rows: Rows = [
    ['2', [SETTINGS([8, 2])], PROTOCOL_ERROR],
    ['1, and then 0', [SETTINGS([8, 1]), SETTINGS([8, 0])], PROTOCOL_ERROR],
    ['0', [SETTINGS([8, 0])], ['fine']],
    ['1', [SETTINGS([8, 1])], ['fine']],
  ];
  it.each(rows)('it is 0 or 1, and not taken back, says a server: %s', (_, sent, verdict) =>
    serverMeets(sent, verdict),
  );
  it.each(rows)('and a client: %s', async (_, sent, verdict) => {
    await clientMeets([...sent, DONE(1)], verdict);
  });

  it('a client does not use it with a server that has not said 1', async () => {
    const server = await saying([DONE(1)]);
    const client = ourClient();
    await outcome({ url: server.url, version: '2' }, client);
    expect((await outcome({ url: server.url, version: '2', upgrade: 'websocket' }, client)).code).toBe(
      'EXTENDED_CONNECT_REFUSED',
    );
    expect(server.peers[0]?.heard.filter(({ type }) => type === FrameType.HEADERS)).toHaveLength(1);
  });

  it('a client whose first request it is waits for the SETTINGS of the server', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await peer.frame(FrameType.SETTINGS);
      peer.send(SETTINGS([8, 1]), SETTINGS_ACK);
      const head = await peer.frame(FrameType.HEADERS, 1);
      expect(peer.fields(head)[':protocol']).toBe('websocket');
      peer.send(HEADERS(1, END, ':status', '501'));
    });
    const { response, code } = await outcome({ url: server.url, version: '2', upgrade: 'websocket' });
    expect([response?.status, code]).toEqual([501, undefined]);
  });
});

describe('RFC 8441 §4 and §5, extended CONNECT', () => {
  const rows: Rows = [
    ['without a scheme', [HEADERS(1, 0, ...without(':scheme'))], MALFORMED],
    ['without a path', [HEADERS(1, 0, ...without(':path'))], MALFORMED],
    ['without an authority', [HEADERS(1, 0, ...without(':authority'))], MALFORMED],
    ['with another method', [HEADERS(1, 0, ...without(':method'), ':method', 'GET')], MALFORMED],
    ['with two protocols', [HEADERS(1, 0, ...CHAT, ':protocol', 'other')], MALFORMED],
    ['with a protocol that is no token', [HEADERS(1, 0, ...without(':protocol'), ':protocol', 'a b')], MALFORMED],
    ['with Upgrade', [HEADERS(1, 0, ...CHAT, 'upgrade', 'websocket')], MALFORMED],
    ['with Connection', [HEADERS(1, 0, ...CHAT, 'connection', 'upgrade')], MALFORMED],
    ['as it should be', [HEADERS(1, 0, ...CHAT)], ['fine']],
  ];
  it.each(rows)('has scheme, path, authority and protocol: %s', (_, sent, verdict) => serverMeets(sent, verdict));

  it('what follows on the stream are bytes both ways, until both sides have ended', async () => {
    const { port, requests } = await echoing();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...CHAT));
    const fields = peer.fields(await peer.frame(FrameType.HEADERS, 1));
    expect(fields).toMatchObject({ ':status': '200' });
    expect(Object.keys(fields)).not.toContain('sec-websocket-accept');
    expect(requests[0]).toMatchObject({ method: 'CONNECT', upgrade: 'websocket', path: '/chat', authority: 'a' });
    peer.send(DATA(1, 0, 'one'));
    await peer.frame(FrameType.DATA, 1);
    peer.send(DATA(1, END, 'two'));
    expect((await peer.message(1)).body).toBe('onetwo');
    await goesOn(peer);
  });

  it('a protocol that is not there is answered as any request', async () => {
    const { port } = await echoing();
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...without(':protocol'), ':protocol', 'other'));
    expect((await peer.message(1)).fields).toMatchObject({ ':status': '501' });
    await goesOn(peer);
  });

  it('§5: RST_STREAM is how the client breaks it off, and the others go on', async () => {
    const ends: unknown[] = [];
    const { port } = await ourServer(({ method }) =>
      method === 'CONNECT'
        ? { upgraded: (socket) => void socket.subscribe({ error: ({ code }: { code: string }) => ends.push(code) }) }
        : { body: 'fine' },
    );
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...CHAT));
    await peer.frame(FrameType.HEADERS, 1);
    peer.send(RST_STREAM(1, 8));
    await goesOn(peer);
    expect(ends).toEqual(['CANCEL']);
  });

  it('a client sends :protocol, scheme, path and authority, and no Upgrade', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await greet(peer, [8, 1]);
      await peer.frame(FrameType.HEADERS, 1);
      peer.send(DONE(1));
      await peer.frame(FrameType.HEADERS, 3);
      peer.send(HEADERS(3, END, ':status', '403'));
    });
    const client = ourClient({ userAgent: '' });
    await outcome({ url: server.url, version: '2' }, client);
    const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const url = `${server.url}chat`;
    const { response } = await outcome({ url, version: '2', upgrade: 'websocket', headers }, client);
    expect(response?.status).toBe(403);
    const peer = server.peers[0] as Http2Peer;
    const head = peer.heard.find(({ type, streamId }) => type === FrameType.HEADERS && streamId === 3);
    expect(peer.fields(head as never)).toEqual({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':authority': `127.0.0.1:${server.port}`,
      ':path': '/chat',
      'sec-websocket-version': '13',
    });
  });

  it('both sides of ours: bytes there and back, on one connection with ordinary requests', async () => {
    const { port } = await echoing();
    const client = ourClient();
    const url = `http://127.0.0.1:${port}/chat`;
    await outcome({ url, version: '2' }, client);
    const { upgraded } = await firstValueFrom(client.request({ url, version: '2', upgrade: 'websocket' }));
    const socket = upgraded as NonNullable<typeof upgraded>;
    const said = firstValueFrom(socket.pipe(text()));
    socket.next(Buffer.from('there'));
    expect((await outcome({ url, version: '2' }, client)).body).toBe('fine');
    socket.complete();
    expect(await said).toBe('there');
  });
});
