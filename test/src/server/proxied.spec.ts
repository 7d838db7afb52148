import { spawn } from 'node:child_process';
import { connect, createServer, type AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { parseForwarded, parseForwardedNode } from '../../../operators/http/forwarded.js';
import { forwarding } from '../../../src/server/forwarding.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import { inheritedListeners } from '../../../src/sockets/inherited-listeners.js';
import { TrustedPeers } from '../../../src/sockets/trusted-peers.js';
import { builtPackage } from '../../support/built-package.js';
import { certificates } from '../../support/certificates.js';
import { eventually, realServer } from './real-server.js';

const GET = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
const LINE = 'PROXY TCP4 192.0.2.9 192.0.2.10 4000 443\r\n';

const tell = ({ remote, local, connection, scheme }: ServerRequest): { body: string } => {
  const by = connection.proxied?.by.address ?? 'nobody';
  return { body: `${scheme} ${remote.address}:${remote.port} to ${local.address}:${local.port} by ${by}` };
};

describe('the PROXY protocol', () => {
  it('tells the ends of the connection, however it is cut, in front of http and https', async () => {
    const { server } = certificates();
    const config = { proxyProtocol: ['127.0.0.0/8'], tls: server, cleartext: true };
    const { raw, port } = await realServer(tell, config);
    expect(await raw().send(LINE + GET).closed).toContain('http 192.0.2.9:4000 to 192.0.2.10:443 by 127.0.0.1');
    const cut = raw();
    cut.socket.setNoDelay(true);
    for (const byte of LINE + GET) {
      cut.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await cut.closed).toContain('http 192.0.2.9:4000');
    const carrier = raw();
    carrier.send(LINE);
    const socket = connectTls({ socket: carrier.socket, rejectUnauthorized: false });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => undefined);
    socket.write(GET);
    await eventually(() => text.includes('https 192.0.2.9:4000'));
    expect(port).toBeGreaterThan(0);
  });

  it('is required of trusted peers, and of no meaning from others', async () => {
    const trusted = await realServer(tell, { proxyProtocol: ['127.0.0.1'] });
    expect(await trusted.raw().send(GET).closed).toBe('');
    await eventually(() => trusted.events.some(({ type }) => type === 'listener-error'));
    expect(trusted.events.find(({ type }) => type === 'listener-error')).toMatchObject({
      error: { code: 'BAD_PROXY_HEADER' },
    });
    const half = trusted.raw().send('PROXY TC');
    half.socket.end();
    expect(await half.closed).toBe('');
    await eventually(() => trusted.events.filter(({ type }) => type === 'listener-error').length === 2);
    const others = await realServer(tell, { proxyProtocol: ['10.0.0.0/8'] });
    expect(await others.raw().send(LINE + GET).closed).toContain('400 Bad Request');
    expect(await others.raw().send(GET).closed).toContain('by nobody');
  });
});

describe('trusted peers', () => {
  it('are addresses and subnets of both families, and UNIX sockets', () => {
    const peers = new TrustedPeers(['192.0.2.1', '10.0.0.0/8', '2001:db8::/32', '::1', 'unix']);
    const has = (address: string): boolean => peers.has({ family: 'IPv4', address });
    const inside = ['192.0.2.1', '10.255.0.1', '2001:db8:ffff::1', '::1', '::ffff:10.1.1.1'];
    expect(inside.filter((address) => !has(address))).toEqual([]);
    expect(['192.0.2.2', '11.0.0.1', '2001:db9::1', '::2', 'client', ''].filter(has)).toEqual([]);
    expect(peers.has({ family: 'unix', address: '' })).toBe(true);
    expect(new TrustedPeers([]).has({ family: 'unix', address: '' })).toBe(false);
  });

  it.each(['localhost', '10.0.0.0/33', '::/129', '10.0.0.0/8/8', '10.0.0.0/', ''])('%j is none', (peer) => {
    expect(() => new TrustedPeers([peer])).toThrow('no address or subnet');
  });
});

describe('Forwarded', () => {
  it('is a list of elements', () => {
    expect(parseForwarded('for=192.0.2.1;Proto=https;host="a.example:8443" , for="[2001:db8::1]:9";by=_x')).toEqual([
      { for: '192.0.2.1', proto: 'https', host: 'a.example:8443', by: undefined },
      { for: '[2001:db8::1]:9', proto: undefined, host: undefined, by: '_x' },
    ]);
    expect(parseForwarded('for="a\\"b"')?.[0]?.for).toBe('a"b');
  });

  it.each(['', 'for', 'for=', 'for=a b', 'for=a;', 'for=a,', ',for=a', 'for="a', 'for=a;for=b', 'for=a;;by=b', '=a'])(
    '%j is malformed',
    (text) => {
      expect(parseForwarded(text)).toBeUndefined();
    },
  );

  it('names nodes', () => {
    expect(parseForwardedNode('192.0.2.1:80')).toEqual({ address: '192.0.2.1', port: 80 });
    expect(parseForwardedNode('[::1]:9')).toEqual({ address: '::1', port: 9 });
    expect(parseForwardedNode('::1')).toEqual({ address: '::1', port: 0 });
    const none = ['unknown', '_hidden', '192.0.2.1:', '192.0.2.1:65536', '[::1', '[::1]x', '[1.2.3.4]', ''];
    for (const text of none) expect(parseForwardedNode(text)).toBeUndefined();
  });
});

describe('forwarding', () => {
  const from = (address: string, fields: Record<string, string>, which: 'forwarded' | 'x-forwarded'): unknown => {
    const read = forwarding({ trusted: ['127.0.0.1', '10.0.0.0/8'], fields: which });
    const remote = { family: 'IPv4', address, port: 1 } as const;
    const { client, scheme, authority } = read({
      remote,
      scheme: 'http',
      authority: 'own',
      fields: new Fields(fields),
    });
    return `${scheme}://${authority} for ${client.address}`;
  };

  it('is believed of trusted peers only, back to the first that is none', () => {
    const fields = { forwarded: 'for=6.6.6.6;proto=http, for=192.0.2.1;proto=https;host=a.example, for=10.0.0.2' };
    expect(from('127.0.0.1', fields, 'forwarded')).toBe('https://a.example for 192.0.2.1');
    expect(from('192.0.2.77', fields, 'forwarded')).toBe('http://own for 192.0.2.77');
    expect(from('127.0.0.1', fields, 'x-forwarded')).toBe('http://own for 127.0.0.1');
    const x = {
      'x-forwarded-for': '6.6.6.6, 192.0.2.1, 10.0.0.2',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'b',
    };
    expect(from('127.0.0.1', x, 'x-forwarded')).toBe('https://b for 192.0.2.1');
    expect(from('127.0.0.1', x, 'forwarded')).toBe('http://own for 127.0.0.1');
  });

  it('stops where it is not told, and takes nothing malformed', () => {
    expect(from('127.0.0.1', { forwarded: 'for=192.0.2.1, for=unknown' }, 'forwarded')).toBe(
      'http://own for 127.0.0.1',
    );
    expect(from('127.0.0.1', { forwarded: 'for=192.0.2.1;' }, 'forwarded')).toBe('http://own for 127.0.0.1');
    const odd = { forwarded: 'for=192.0.2.1;proto=gopher;host="a b"' };
    expect(from('127.0.0.1', odd, 'forwarded')).toBe('http://own for 192.0.2.1');
    expect(() => forwarding({ trusted: ['x'], fields: 'forwarded' })).toThrow('no address');
    expect(() => forwarding({ trusted: [], fields: 'both' as 'forwarded' })).toThrow('fields');
  });
});

describe('inherited sockets', () => {
  it('are for the process they name, from descriptor 3 on', () => {
    const told = { LISTEN_FDS: '2', LISTEN_PID: '7', LISTEN_FDNAMES: 'http:https' };
    expect(inheritedListeners(told, 7)).toEqual([
      { fd: 3, name: 'http' },
      { fd: 4, name: 'https' },
    ]);
    expect(inheritedListeners(told, 8)).toEqual([]);
    expect(inheritedListeners({ ...told, LISTEN_FDS: '-1' }, 7)).toEqual([]);
    expect(inheritedListeners({ LISTEN_FDS: '1', LISTEN_PID: '7' }, 7)).toEqual([{ fd: 3, name: '' }]);
    expect(inheritedListeners({}, 7)).toEqual([]);
  });

  it('are listened at', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void holder.close());
    await new Promise((resolve) => holder.once('listening', resolve));
    const { fd } = (holder as unknown as { _handle: { fd: number } })._handle;
    if (fd < 0) throw new Error('no descriptor');
    const program = `
      import { inheritedListeners, serve } from 'rxweir';
      const listen = inheritedListeners().map(({ fd }) => ({ fd }));
      serve({ listen }, () => ({ body: 'inherited' })).subscribe(() => console.log('ready'));`;
    const shell = 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" --input-type=module -e "$1"';
    const child = spawn('sh', ['-c', shell, process.execPath, program], {
      cwd: await builtPackage(),
      stdio: ['ignore', 'pipe', 'inherit', fd],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const { port } = holder.address() as AddressInfo;
    holder.close();
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write(GET);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(text).toMatch(/inherited$/);
  }, 150_000);
});
