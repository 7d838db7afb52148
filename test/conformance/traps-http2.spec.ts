/** What went wrong in other implementations of HTTP/2, one test for each, by the number it has in our list of them. */
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { firstValueFrom, NEVER } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { text } from '../../operators/body/text.js';
import { FrameType } from '../../operators/http2/frame-type.js';
import type { SettingsFrame } from '../../operators/http2/frames/settings-frame.js';
import {
  block,
  bytes,
  DATA,
  END,
  END_HEADERS,
  frame,
  GET,
  GOAWAY,
  greetedClient,
  HEADERS,
  POST,
  rawHttp2Server,
  uint32,
} from '../support/http2-peer.js';
import { certificates } from '../support/certificates.js';
import { realServer } from '../src/server/real-server.js';
import { clientMeets, DONE, greet } from './http2-client-scene.js';
import { get, goesOn, scene, serverMeets } from './http2-scene.js';
import { ourClient, ourServer, outcome } from './raw-peer.js';

/** A session of node:http2 with our server. */
function session(port: number, settings: { headerTableSize?: number } = {}): ClientHttp2Session {
  const made = connectHttp2(`http://127.0.0.1:${port}`, { settings });
  onTestFinished(() => made.destroy());
  return made;
}

function answerTo(asking: ClientHttp2Session, path = '/'): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const stream = asking.request({ ':path': path });
    stream.on('response', resolve).on('error', reject).resume().end();
  });
}

describe('traps', () => {
  it('trap 18: one port speaks http and https, HTTP/1.1 and HTTP/2, to those who know and those who upgrade', async () => {
    const { ca, server: tls } = certificates();
    const { port } = await realServer(({ version, scheme }) => ({ body: `${scheme} ${version}` }), {
      tls,
      cleartext: true,
      h2c: true,
    });
    const spoken = async (scheme: string, version?: '1.1' | '2', h2c = false): Promise<string | undefined> => {
      const client = ourClient({ tls: { ca }, http2: { h2c } });
      return (await outcome({ url: `${scheme}://localhost:${port}/`, version }, client)).body;
    };
    expect(await spoken('http')).toBe('http 1.1');
    expect(await spoken('http', '2')).toBe('http 2');
    expect(await spoken('http', undefined, true)).toBe('http 2');
    expect(await spoken('https')).toBe('https 2');
    expect(await spoken('https', '1.1')).toBe('https 1.1');
  });

  it('trap 21: a stream is cancelled while its data is on the way, and the others live', async () => {
    const server = await realServer(({ path }) => ({ body: path === '/big' ? Buffer.alloc(1_000_000) : 'small' }));
    const client = ourClient();
    const big = await firstValueFrom(client.request({ url: `${server.url}/big`, version: '2' }));
    const others = [1, 2, 3].map(() => outcome({ url: server.url, version: '2' }, client));
    await firstValueFrom(big.body); // and goes: the rest of its window comes late
    expect((await Promise.all(others)).map(({ body }) => body)).toEqual(['small', 'small', 'small']);
    expect((await outcome({ url: server.url, version: '2' }, client)).body).toBe('small');
    expect(await firstValueFrom(client.stats$)).toMatchObject({ connections: { open: 1 } });
  });

  it('trap 22: a peer that allows no table is written to without one', async () => {
    const { port } = await ourServer(() => ({ fields: { 'x-kept': 'the same every time' }, body: 'fine' }));
    const asking = session(port, { headerTableSize: 0 });
    for (let i = 0; i < 3; i++) expect((await answerTo(asking))['x-kept']).toBe('the same every time');
  });

  it('trap 23: a table of ours of 65 536 bytes may be used', async () => {
    const { port, requests } = await scene({ http2: { settings: { headerTableSize: 65_536 } } });
    const peer = await greetedClient(port);
    expect((peer.heard[0] as SettingsFrame).entries).toContainEqual({ id: 1, value: 65_536 });
    const value = 'v'.repeat(10_000); // no table of 4096 bytes holds it
    const size = [0x3f, 0xe1, 0xff, 0x03];
    const kept = bytes(0x40, 6, 'x-kept', [0x7f, 0x91, 0x4d], value);
    peer.send(frame(FrameType.HEADERS, END | END_HEADERS, 1, size, block(...GET), kept));
    peer.send(frame(FrameType.HEADERS, END | END_HEADERS, 3, block(...GET), 0xbe));
    expect([(await peer.message(1)).body, (await peer.message(3)).body]).toEqual(['fine', 'fine']);
    expect(requests.map(({ fields }) => fields.get('x-kept'))).toEqual([value, value]);
  });

  it('trap 24: trailers of responses are sent and received', async () => {
    const { url } = await realServer(() => ({ body: ['body'], trailers: () => ({ 'grpc-status': '0' }) }));
    const response = await firstValueFrom(ourClient().request({ url, version: '2' }));
    expect(await firstValueFrom(response.body.pipe(text()))).toBe('body');
    expect((await firstValueFrom(response.trailers)).get('grpc-status')).toBe('0');
  });

  it('trap 25: END_STREAM counts over many CONTINUATIONs, read and written', async () => {
    const long = 'l'.repeat(60_000); // four frames of ours
    const { port } = await ourServer(() => ({ status: 204, fields: { long } }));
    const peer = await greetedClient(port);
    const parts = [0, 5, 10, 15].map((from, i) => {
      const part = block(...GET).subarray(from, i === 3 ? undefined : from + 5);
      return frame(
        i === 0 ? FrameType.HEADERS : FrameType.CONTINUATION,
        i === 0 ? END : i === 3 ? END_HEADERS : 0,
        1,
        part,
      );
    });
    peer.send(...parts);
    expect(await peer.message(1)).toMatchObject({ body: '', fields: { ':status': '204', long } });
    await peer.barrier();
    expect(peer.heard.filter(({ type }) => type === FrameType.DATA)).toEqual([]);
  });

  it('trap 26: a body shorter than its content-length is refused, both ways', async () => {
    const short = [HEADERS(1, 0, ...POST, 'content-length', '5'), DATA(1, END, 'four')];
    await serverMeets(short, ['reset', 1, 'PROTOCOL_ERROR']);
    const response = [HEADERS(1, 0, ':status', '200', 'content-length', '5'), DATA(1, END, 'four')];
    expect((await clientMeets(response, ['reset', 1, 'PROTOCOL_ERROR'])).code).toBe('PROTOCOL_ERROR');
  });

  it('trap 27: more than the window is refused', async () => {
    const { port } = await scene({ http2: { settings: { initialWindowSize: 100 } } });
    const peer = await greetedClient(port);
    peer.send(HEADERS(1, 0, ...get('/never')), DATA(1, 0, 'x'.repeat(100)));
    await peer.barrier();
    peer.send(DATA(1, 0, 'x'));
    await peer.reset(1, 'FLOW_CONTROL_ERROR');
    await goesOn(peer);
  });

  it('trap 28: nothing is pushed to a client that does not allow it', async () => {
    const told: boolean[] = [];
    const { url } = await realServer((request) => {
      told.push(request.push({ path: '/pushed' }, { body: 'pushed' }));
      return { body: 'fine' };
    });
    expect((await outcome({ url, version: '2' })).body).toBe('fine');
    expect(told).toEqual([false]);
  });

  it('trap 29: after GOAWAY nothing spins: what was not taken goes elsewhere, what was is finished', async () => {
    const server = await rawHttp2Server(async (peer, index) => {
      await greet(peer);
      if (index === 0) {
        await peer.frame(FrameType.HEADERS, 1);
        await peer.frame(FrameType.HEADERS, 3);
        peer.send(GOAWAY(1), DONE(1));
        return;
      }
      for (;;) peer.send(DONE((await peer.frame(FrameType.HEADERS)).streamId));
    });
    const client = ourClient();
    const url = { url: server.url, version: '2' } as const;
    const answers = await Promise.all([outcome(url, client), outcome(url, client)]);
    expect(answers.map(({ response }) => response?.status)).toEqual([204, 204]);
    expect((await outcome(url, client)).response?.status).toBe(204);
    expect(server.peers).toHaveLength(2);
  });

  it('trap 30: a stream of which only PRIORITY is known is no request', async () => {
    const { port, requests } = await scene();
    const peer = await greetedClient(port);
    peer.send(...[1, 3, 5, 7].map((streamId) => frame(FrameType.PRIORITY, 0, streamId, uint32(0), 15)));
    await peer.barrier();
    expect(requests).toEqual([]);
    await goesOn(peer, 1);
  });

  it('trap 31: the limit on streams is kept to by both sides', async () => {
    const server = await realServer(() => NEVER, { http2: { settings: { maxConcurrentStreams: 2 } } });
    const peer = await greetedClient(server.port);
    peer.send(...[1, 3, 5].map((streamId) => HEADERS(streamId, END, ...GET)));
    await peer.reset(5, 'REFUSED_STREAM');

    const limited = await rawHttp2Server(async (one) => {
      await greet(one, [3, 2]);
      one.send(DONE((await one.frame(FrameType.HEADERS)).streamId));
      for (;;) {
        const open = [await one.frame(FrameType.HEADERS), await one.frame(FrameType.HEADERS)];
        const more = (await one.barrier()).filter(({ type }) => type === FrameType.HEADERS);
        if (more.length > 0) return void one.send(GOAWAY(0, 1));
        for (const { streamId } of open) one.send(DONE(streamId));
      }
    });
    const client = ourClient();
    const url = { url: limited.url, version: '2' } as const;
    await outcome(url, client); // from here on the limit is known
    const answers = await Promise.all(Array.from({ length: 10 }, () => outcome(url, client)));
    expect(answers.map(({ response }) => response?.status)).toEqual(answers.map(() => 204));
    expect(limited.peers).toHaveLength(1);
  });

  it('trap 32: lists of fields and CONTINUATIONs are bounded', async () => {
    const { port } = await scene();
    const large = await greetedClient(port);
    const fields = Array.from({ length: 20 }, (_, i) => [`x-${i}`, 'v'.repeat(1000)]).flat();
    const part = block(...GET, ...fields);
    large.send(frame(FrameType.HEADERS, END, 1, part.subarray(0, 16_000)), frame(FrameType.CONTINUATION, END_HEADERS, 1, part.subarray(16_000))); // prettier-ignore
    expect((await large.message(1)).fields[':status']).toBe('431');
    await goesOn(large);
    const many = await greetedClient(port);
    many.send(frame(FrameType.HEADERS, END, 1, block(...GET)));
    for (let i = 0; i < 9; i++) many.send(frame(FrameType.CONTINUATION, 0, 1, block('a', 'b')));
    await many.goaway('ENHANCE_YOUR_CALM');
  });

  it.each([
    ['connection', 'close'],
    ['keep-alive', '5'],
    ['proxy-connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['upgrade', 'h2c'],
    ['te', 'gzip'],
    ['host', 'another'],
  ])('trap 33: a request with %s is malformed', async (name, value) => {
    await serverMeets([HEADERS(1, END, ...GET, name, value)], ['reset', 1, 'PROTOCOL_ERROR']);
  });
});
