/** The PROXY protocol on the network in memory: as on the real one, by the same code. */
import { describe, expect, it } from 'vitest';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import type { ConnectTarget, ListenConfig } from '../../../src/sockets/network.js';
import { bytes } from './harness.js';
import { world } from './memory-world.js';

const LINE = 'PROXY TCP4 192.0.2.9 192.0.2.10 4000 443\r\n';
const target: ConnectTarget = { host: 'server', port: 80, localAddress: '10.0.0.1' };
const at: ListenConfig = { port: 80, proxyProtocol: ['10.0.0.0/8', 'unix'] };

describe('a memory listener with `proxyProtocol`', () => {
  it('reads the header of a trusted peer, however it is cut, and hands on what comes after it', () =>
    world({ chunking: () => 3 }, at, ({ network, accepted, flush }) => {
      let text = '';
      network.connect(target).subscribe((near) => near.next(bytes(`${LINE}hello`)));
      flush();
      expect(accepted).toHaveLength(1);
      const [one] = accepted;
      expect(one?.info).toMatchObject({
        remote: { family: 'IPv4', address: '192.0.2.9', port: 4000 },
        local: { address: '192.0.2.10', port: 443 },
        proxied: { by: { address: '10.0.0.1' } },
      });
      one?.subscribe((chunk) => (text += Buffer.from(chunk).toString()));
      flush();
      expect(text).toBe('hello');
    }));

  it('of no other, and refuses a trusted one without', () =>
    world({}, at, ({ network, accepted, errors, flush }) => {
      network.connect({ ...target, localAddress: '192.0.2.1' }).subscribe((near) => near.next(bytes(LINE)));
      let lost: unknown;
      network.connect(target).subscribe((near) => {
        near.subscribe({ error: (error) => (lost = error) });
        near.next(bytes('GET / HTTP/1.1\r\n'));
      });
      flush();
      expect(accepted.map(({ info }) => [info.remote.address, info.proxied])).toEqual([['192.0.2.1', undefined]]);
      expect(errors).toMatchObject([{ code: 'BAD_PROXY_HEADER' }]);
      expect(lost).toMatchObject({ code: 'ECONNRESET' });
    }));

  it('of a UNIX socket', () =>
    world({}, { path: '/run/app', proxyProtocol: ['unix'] }, ({ network, accepted, flush }) => {
      network.connect({ host: 'a', port: 0, path: '/run/app' }).subscribe((near) => near.next(bytes(LINE)));
      flush();
      expect(accepted[0]?.info.remote.address).toBe('192.0.2.9');
      expect(accepted[0]?.info.proxied?.by).toEqual({ family: 'unix', address: '', port: 0 });
    }));

  it('keeps what TLS has agreed on', () =>
    world({}, { ...at, tls: {} }, ({ network, accepted, flush }) => {
      const tls = { servername: 'server', rejectUnauthorized: false };
      network.connect({ ...target, tls }).subscribe((near) => near.next(bytes(LINE)));
      flush();
      expect(accepted[0]?.info.tls?.servername).toBe('server');
    }));

  it('bounds how many have not shown it, and for how long; others wait', () =>
    world({}, { ...at, maxHandshakes: 1, handshakeTimeout: 100 }, ({ network, accepted, errors, scheduler, flush }) => {
      network.connect(target).subscribe();
      network.connect(target).subscribe((near) => near.next(bytes(LINE)));
      scheduler.schedule(() => expect([accepted.length, errors.length]).toEqual([0, 0]), 99);
      flush();
      expect(accepted).toHaveLength(1);
      expect(errors).toMatchObject([{ code: 'TIMEOUT_SETUP' }]);
    }));

  it('closes those that have not shown it when it is closed', () =>
    world({}, at, ({ network, accepted, scheduler, listener, flush }) => {
      let ended = false;
      network.connect(target).subscribe((near) => near.subscribe({ complete: () => (ended = true) }));
      scheduler.schedule(() => listener().close(), 10);
      flush();
      expect([ended, accepted.length]).toEqual([true, 0]);
    }));

  it('refuses what is no peer', () => {
    let failure: unknown;
    world({}, { port: 1 }, ({ flush, scheduler }) => {
      const network = memoryNetwork({ scheduler });
      network.listen({ proxyProtocol: ['server'] }).subscribe({ error: (error) => (failure = error) });
      flush();
    });
    expect(failure).toMatchObject({ code: 'INVALID_OPTION' });
  });
});
