import { createServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { certificates } from '../../support/certificates.js';
import { secure, serveTls } from './tls-harness.js';
import { bytes, dial, failure, handles, Reader, serve, until } from './harness.js';

const { ca, server } = certificates();

describe('a TLS connection', () => {
  it('carries bytes both ways and half closes', async () => {
    const { port, next } = await serveTls();
    const near = await dial(secure(port));
    const far = await next();
    const [atNear, atFar] = [new Reader(near), new Reader(far)];
    near.next(bytes('question'));
    near.complete();
    await until(() => atFar.ended);
    expect([atFar.text, atNear.over]).toEqual(['question', false]);
    far.next(bytes('answer'));
    far.complete();
    await until(() => atNear.ended && near.destroyed && far.destroyed);
    expect(atNear.text).toBe('answer');
  });

  it('knows what was agreed on', async () => {
    const { port, next } = await serveTls({ ...server, alpn: ['http/1.1'] });
    const near = await dial(secure(port, {}, { alpn: ['h2', 'http/1.1'] }));
    const far = await next();
    expect(near.info).toMatchObject({
      transport: 'tls',
      local: { family: 'IPv4', address: '127.0.0.1' },
      remote: { family: 'IPv4', address: '127.0.0.1', port },
      tls: {
        alpnProtocol: 'http/1.1',
        protocol: 'TLSv1.3',
        authorized: true,
        servername: 'localhost',
        resumed: false,
      },
    });
    expect(near.info.tls?.cipher).toMatch(/^TLS_/);
    expect(near.info.tls?.peerCertificate()?.subject.CN).toBe('localhost');
    expect(far.info.tls).toMatchObject({ alpnProtocol: 'http/1.1', authorized: false, servername: 'localhost' });
    expect(far.info.tls?.peerCertificate()).toBeUndefined();
    expect(far.info.local).toEqual(near.info.remote);
  });

  it('is reset by error: the peer does not take that for an end', async () => {
    const { port, next } = await serveTls();
    const near = await dial(secure(port));
    const [atNear, atFar] = [new Reader(near), new Reader(await next())];
    near.next(bytes('begun'));
    await until(() => atFar.text === 'begun');
    const reason = new Error('enough');
    near.error(reason);
    expect([atNear.error, near.destroyed]).toEqual([reason, true]);
    await until(() => atFar.over);
    expect(atFar.error).toMatchObject({ name: 'NetworkError', code: 'ECONNRESET' });
  });

  it('runs over a UNIX socket', async () => {
    const path = `/tmp/rxweir-tls-${process.pid}.sock`;
    const { next } = await serve({ path, tls: server, unlinkStale: true });
    const near = await dial({ host: 'localhost', port: 0, path, tls: { ca } });
    expect(near.info).toMatchObject({ transport: 'tls', remote: { family: 'unix', address: path } });
    const atNear = new Reader(near);
    (await next()).next(bytes('hello'));
    await until(() => atNear.text === 'hello');
  });

  it('stops the sender while what arrived is held', async () => {
    const { hold } = await import('../../../operators/core/deliver.js');
    const { port, next } = await serveTls();
    const near = await dial(secure(port, {}, { highWaterMark: 65_536 }));
    const far = await next();
    const releases: (() => void)[] = [];
    const reader = new Reader(near, () => void releases.push(hold()));
    const total = 48 << 20;
    for (let sent = 0; sent < total; sent += 1 << 20) far.next(new Uint8Array(1 << 20));
    far.complete();
    await until(() => near.paused);
    for (let i = 0, last = -1; i < 20; i = reader.bytes === last ? i + 1 : 0) {
      last = reader.bytes;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(near.heldBytes).toBe(reader.bytes);
    expect(reader.bytes).toBeLessThan(2 * 65_536 + 65_536);
    expect(far.bufferedBytes).toBeGreaterThan(0);
    while (!reader.ended) {
      for (const release of releases.splice(0)) release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(reader.bytes).toBe(total);
  });
});

describe('versions and contexts', () => {
  it('does not go below TLS 1.2 unless told to', async () => {
    const { port } = await serveTls({
      ...server,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    expect(await failure(secure(port))).toMatchObject({ name: 'NetworkError', phase: 'tls' });
    const { port: twelve } = await serveTls({ ...server, maxVersion: 'TLSv1.2' });
    expect((await dial(secure(twelve))).info.tls?.protocol).toBe('TLSv1.2');
  });

  it('takes a ready context on both sides', async () => {
    const { port } = await serveTls({ secureContext: createSecureContext(server) });
    const near = await dial({ ...secure(port), tls: { secureContext: createSecureContext({ ca }) } });
    expect(near.info.tls?.authorized).toBe(true);
  });

  it('reports unusable settings as an error, and leaves nothing open', async () => {
    const { port } = await serveTls();
    const before = handles().length;
    expect(await failure(secure(port, { cert: 'nonsense', key: 'nonsense' }))).toMatchObject({ phase: 'tls' });
    expect(await failure(secure(port, { minVersion: 'TLSv9' as never }))).toMatchObject({ code: 'INVALID_OPTION' });
    await expect(serveTls({ cert: 'nonsense', key: 'nonsense' })).rejects.toMatchObject({
      name: 'NetworkError',
      phase: 'tls',
    });
    await until(() => handles().length <= before + 3);
  });

  it('says that the peer does not speak TLS', async () => {
    const plain = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    plain.listen(0, '127.0.0.1');
    onTestFinished(() => void plain.close());
    await until(() => plain.listening);
    const { port } = plain.address() as { port: number };
    expect(await failure(secure(port))).toMatchObject({ name: 'NetworkError', phase: 'tls' });
  });
});
