import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FrameType } from '../../operators/http2/frame-type.js';
import { clientPreface } from '../../operators/http2/preface.js';
import { certificates } from '../support/certificates.js';
import {
  bytes,
  END,
  frame,
  GET,
  HEADERS,
  Http2Peer,
  PING,
  rawClient,
  rawHttp2Server,
  SETTINGS,
  SETTINGS_ACK,
} from '../support/http2-peer.js';
import { goesOn, scene } from './http2-scene.js';
import { ourClient, outcome } from './raw-peer.js';

/** A raw client over TLS that offers these protocols. */
async function overTls(port: number, ...protocols: string[]): Promise<{ peer: Http2Peer; protocol: string | false }> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: certificates().ca, ALPNProtocols: protocols });
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve as () => void).once('error', reject));
  return { peer: new Http2Peer(socket, 'client'), protocol: socket.alpnProtocol ?? false };
}

describe('RFC 9113 §3.2, over TLS', () => {
  it('a server speaks HTTP/2 to whoever agrees on h2 by ALPN, and takes nothing else there', async () => {
    const { port } = await scene({ tls: certificates().server });
    const { peer, protocol } = await overTls(port, 'h2', 'http/1.1');
    expect(protocol).toBe('h2');
    peer.send(clientPreface(), SETTINGS());
    await goesOn(peer, 1);
    const { peer: other } = await overTls(port, 'h2');
    other.send(bytes('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    await other.goaway('PROTOCOL_ERROR');
  });

  it('h2c is agreed on by nobody: it names HTTP/2 without TLS', async () => {
    const { port } = await scene({ tls: certificates().server });
    await expect(overTls(port, 'h2c')).rejects.toThrow(/alert/i);
  });

  it('a client whose server does not agree on h2 uses HTTP/1.1, or fails where it was to be HTTP/2', async () => {
    const { port, requests } = await scene({ tls: certificates().server, version: '1.1' });
    const client = ourClient({ tls: { ca: certificates().ca } });
    const url = `https://127.0.0.1:${port}/`;
    expect((await outcome(url, client)).body).toBe('fine');
    expect(requests.map(({ version }) => version)).toEqual(['1.1']);
    const { code } = await outcome({ url, version: '2' }, client);
    expect(code).toBe('VERSION_REFUSED');
  });
});

describe('RFC 9113 §3.3, prior knowledge', () => {
  it('a server knows a client that begins with the preface, on the port where others speak HTTP/1.1', async () => {
    const { port, requests } = await scene();
    const peer = rawClient(port).send(clientPreface(), SETTINGS());
    await goesOn(peer, 1);
    expect((await outcome(`http://127.0.0.1:${port}/`)).body).toBe('fine');
    expect(requests.map(({ version }) => version)).toEqual(['2', '1.1']);
  });

  it('a client that knows begins with the preface', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await peer.frame(FrameType.HEADERS); // the preface was read before it, or there would be none
      peer.send(SETTINGS(), SETTINGS_ACK, frame(FrameType.HEADERS, 5, 1, 0x89)); // 204
    });
    expect((await outcome({ url: server.url, version: '2' })).response?.status).toBe(204);
  });
});

describe('RFC 9113 §3.4, the preface of a server', () => {
  it('the server begins with SETTINGS, before it has heard anything but the preface', async () => {
    const { port } = await scene();
    const peer = rawClient(port).send(clientPreface());
    expect(await peer.frame(FrameType.SETTINGS)).toMatchObject({ flags: 0 });
    expect(peer.heard[0]?.type).toBe(FrameType.SETTINGS);
  });

  it('the preface may come in any pieces, and with all that follows', async () => {
    const { port } = await scene();
    const all = Buffer.concat([clientPreface(), SETTINGS(), HEADERS(1, END, ...GET)]);
    for (const at of [1, 3, 4, 5, 14, 23, 24, 25, 33, 34]) {
      const peer = rawClient(port).send(all.subarray(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      peer.send(all.subarray(at));
      expect((await peer.message(1)).body).toBe('fine');
    }
  });

  it.each([
    ['its end', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\rX', 'latin1')],
    ['another version', Buffer.from('PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n', 'latin1')],
    ['the other half', Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', 'latin1')],
  ])('one that is wrong in %s is PROTOCOL_ERROR', async (_, sent) => {
    const { port } = await scene();
    await rawClient(port).send(sent).goaway('PROTOCOL_ERROR');
  });

  it('a server of HTTP/2 alone answers no other beginning', async () => {
    const { port, requests } = await scene({ version: '2' });
    await rawClient(port).send(bytes('INVALID CONNECTION PREFACE\r\n\r\n')).goaway('PROTOCOL_ERROR');
    await rawClient(port).send(bytes('GET / HTTP/1.1\r\nhost: a\r\n\r\n')).goaway('PROTOCOL_ERROR');
    expect(requests).toEqual([]);
  });

  it('a server of both refuses what is a beginning of neither, and closes', async () => {
    const { send, requests } = await scene();
    expect(await send('INVALID CONNECTION PREFACE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(requests).toEqual([]);
  });

  it.each([
    ['HEADERS', HEADERS(1, END, ...GET)],
    ['PING', PING()],
    ['an acknowledgement', SETTINGS_ACK],
    ['an unknown frame', frame(0xfa, 0, 0)],
  ])('a client whose first frame is %s breaks the preface', async (_, sent) => {
    const { port } = await scene();
    await rawClient(port).send(clientPreface(), sent).goaway('PROTOCOL_ERROR');
  });

  it.each([
    ['PING', PING()],
    ['an acknowledgement', SETTINGS_ACK],
    ['HTTP/1.1', bytes('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('a server whose first frame is %s breaks it for our client', async (_, sent) => {
    const server = await rawHttp2Server(async (peer) => {
      await peer.frame(FrameType.HEADERS);
      peer.send(sent);
    });
    const { code } = await outcome({ url: server.url, version: '2' });
    expect(code).toMatch(/^(PROTOCOL_ERROR|FRAME_SIZE_ERROR)$/);
    const found = await server.peers[0]?.frame<never>(FrameType.GOAWAY);
    expect(found).toMatchObject({ lastStreamId: 0 });
  });

  it('both sides acknowledge the SETTINGS of the other', async () => {
    const { port } = await scene();
    const peer = rawClient(port).send(clientPreface(), SETTINGS());
    await peer.take('SETTINGS ACK', ({ type, flags }) => type === FrameType.SETTINGS && flags === 1);
    const server = await rawHttp2Server(async (raw) => {
      raw.send(SETTINGS());
      await raw.take('SETTINGS ACK', ({ type, flags }) => type === FrameType.SETTINGS && flags === 1);
      raw.send(SETTINGS_ACK, frame(FrameType.HEADERS, 5, 1, 0x89));
    });
    expect((await outcome({ url: server.url, version: '2' })).response?.status).toBe(204);
  });

  it('a client that hears nothing from its server ends it with SETTINGS_TIMEOUT', async () => {
    const server = await rawHttp2Server(async (peer) => {
      await peer.frame(FrameType.HEADERS);
      await peer.goaway('SETTINGS_TIMEOUT');
    });
    const { code } = await outcome({ url: server.url, version: '2' }, ourClient({ http2: { pingTimeout: 30 } }));
    expect(code).toBe('SETTINGS_TIMEOUT');
  });
});
