import { createServer, type AddressInfo, type Socket } from 'node:net';
import { firstValueFrom, toArray } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { TimeoutError } from '../../../operators/core/protocol-error.js';
import { connect, type ConnectConfig } from '../../../src/client/connect.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ConnectTarget, Network } from '../../../src/sockets/network.js';
import { memoryNetwork } from '../../../src/sockets/memory.js';
import { codeOf, lineOf } from '../../support/http1-streams.js';
import { runMarbles } from '../../support/marbles.js';

/** A network that notes where it was to connect to, and never does. */
function noting(): { network: Network; targets: ConnectTarget[] } {
  const targets: ConnectTarget[] = [];
  const network = memoryNetwork({ faults: { connect: 'hang' } });
  return {
    targets,
    network: {
      ...network,
      connect: (target) => {
        targets.push(target);
        return network.connect(target);
      },
    },
  };
}

function failureOf(config: string | ConnectConfig): string | undefined {
  let code: string | undefined;
  connect(config)
    .subscribe({ error: (error: unknown) => (code = codeOf(error)) })
    .unsubscribe();
  return code;
}

describe('where to', () => {
  it.each<[string, ConnectConfig, Partial<ConnectTarget>]>([
    ['a URL', { url: 'http://a.example/x' }, { host: 'a.example', port: 80, tls: undefined, alpn: undefined }],
    ['a URL object', { url: new URL('http://[::1]:81') }, { host: '::1', port: 81 }],
    ['https', { url: 'https://a.example' }, { host: 'a.example', port: 443, tls: {}, alpn: ['http/1.1'] }],
    ['host and port', { host: 'a.example', port: 8080 }, { host: 'a.example', port: 8080, tls: undefined }],
    ['host alone', { host: 'a.example' }, { port: 80 }],
    ['host and TLS', { host: 'a.example', tls: { servername: 'b' } }, { port: 443, tls: { servername: 'b' } }],
    ['a UNIX socket', { socketPath: '/run/x' }, { host: 'localhost', path: '/run/x' }],
    ['and from where', { host: 'a', localAddress: '127.0.0.2', family: 4 }, { localAddress: '127.0.0.2', family: 4 }],
  ])('%s', (_, config, expected) => {
    const { network, targets } = noting();
    connect({ ...config, network })
      .subscribe()
      .unsubscribe();
    expect(targets).toMatchObject([expected]);
  });

  it.each<[string, string | ConnectConfig, string]>([
    ['nothing', {}, 'INVALID_OPTION'],
    ['a URL and a host', { url: 'http://a', host: 'b' }, 'INVALID_OPTION'],
    ['no URL', 'nowhere', 'INVALID_URL'],
    ['another scheme', 'ftp://a', 'UNSUPPORTED_SCHEME'],
    ['a limit that is none', { host: 'a', limits: { maxFields: -1 } }, 'INVALID_LIMIT'],
    ['a timeout that is none', { host: 'a', timeout: -1 }, 'INVALID_TIMEOUT'],
  ])('not to %s', (_, config, code) => {
    expect(failureOf(config)).toBe(code);
  });
});

describe('time', () => {
  it('runs out on the given scheduler', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const network = memoryNetwork({ scheduler, faults: { connect: 'hang' } });
      expectObservable(connect({ host: 'a', network, scheduler, timeout: 5 })).toBe(
        '-----#',
        undefined,
        new TimeoutError('connect', 5),
      );
      expectObservable(connect({ host: 'a', network, scheduler, timeout: 0 })).toBe('');
    });
  });

  it('is ten seconds unless told otherwise', () => {
    runMarbles(({ scheduler, expectObservable }) => {
      const network = memoryNetwork({ scheduler, faults: { connect: 'hang' } });
      const expected = new TimeoutError('connect', 10_000);
      expectObservable(connect({ host: 'a', network, scheduler })).toBe('10s #', undefined, expected);
    });
  });

  it('subscribing connects, each time; unsubscribing before gives up', () => {
    const scheduler = new TestScheduler(() => undefined);
    scheduler.run(({ flush }) => {
      const network = memoryNetwork({ scheduler, latency: 3 });
      let accepted = 0;
      network.listen({ port: 80 }).subscribe(({ connections }) => connections.subscribe(() => accepted++));
      flush();
      const connection$ = connect({ url: 'http://a', network, scheduler });
      connection$.subscribe().unsubscribe();
      flush();
      expect(accepted).toBe(0);
      let emitted = 0;
      connection$.subscribe(() => emitted++);
      connection$.subscribe({ complete: () => emitted++ });
      flush();
      expect([accepted, emitted]).toEqual([2, 2]);
    });
  });

  it('says so when nobody listens', () => {
    runMarbles(({ scheduler, flush }) => {
      const codes: string[] = [];
      connect({ host: 'a', network: memoryNetwork({ scheduler }), scheduler }).subscribe({
        error: (error: unknown) => codes.push(codeOf(error)),
      });
      flush();
      expect(codes).toEqual(['ECONNREFUSED']);
    });
  });
});

describe('over a real socket', () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  /** A server that treats each connection so. */
  async function serve(accepted: (socket: Socket) => void): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      closers.push(() => socket.destroy());
      accepted(socket);
    });
    closers.push(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  it('asks twice, and knows the names of both ends', async () => {
    const port = await serve((socket) => {
      let asked = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        asked += text;
        if (!asked.endsWith('\r\n\r\n')) return;
        asked = '';
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;q="a"\r\nok\r\n');
        setImmediate(() => socket.write('0\r\nx-sum: 1\r\n\r\n'));
      });
    });
    const connection = await firstValueFrom(connect(`http://127.0.0.1:${port}`));
    expect(connection.info).toMatchObject({
      transport: 'tcp',
      local: { family: 'IPv4', address: '127.0.0.1' },
      remote: { family: 'IPv4', address: '127.0.0.1', port },
      tls: undefined,
    });
    for (let i = 0; i < 2; i++) {
      const stream = connection.openStream();
      const events = firstValueFrom(stream.pipe(toArray()));
      stream.next({ type: 'request', method: 'GET', target: '/', fields: { host: 'a' } });
      stream.complete();
      expect((await events).map(lineOf)).toEqual(['response 200', 'data;q="a" "ok"', 'end x-sum: 1']);
    }
    const closed = firstValueFrom(connection.closed$);
    connection.close();
    expect(await closed).toEqual({ error: undefined });
  });

  it('shutdown of writing still reads what is answered', async () => {
    const port = await serve((socket) => {
      socket.resume().on('end', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
    });
    const connection = await firstValueFrom(connect({ host: '127.0.0.1', port }));
    const stream = connection.openStream();
    const events = firstValueFrom(stream.pipe(toArray()));
    stream.next({ type: 'request', method: 'GET', target: '/', fields: { host: 'a' } });
    stream.next({ type: 'end' });
    connection.shutdown('write');
    expect((await events).map(lineOf)).toEqual(['response 200', 'data "all of it"', 'end']);
  });

  it('hands the socket over with what was not read', async () => {
    const port = await serve((socket) => {
      socket.write('220 not HTTP at all\r\n');
      socket.on('data', (chunk) => socket.end(chunk));
    });
    const connection = await firstValueFrom(connect({ host: '127.0.0.1', port }));
    const socket = connection.takeSocket();
    const chunks = firstValueFrom(socket.pipe(toArray()));
    socket.next(Buffer.from('echo'));
    socket.complete();
    expect(Buffer.concat(await chunks).toString()).toBe('220 not HTTP at all\r\necho');
    expect(connection.state).toBe('detached');
  });
});

describe('of a client', () => {
  it('has its options, unless it brings its own', () => {
    runMarbles(({ scheduler, flush }) => {
      const { network, targets } = noting();
      const client = createClient({ network, scheduler, timeout: { connect: 7 }, localAddress: '10.0.0.1' });
      const codes: string[] = [];
      const fail = { error: (error: unknown) => codes.push(codeOf(error)) };
      client.connect('http://a').subscribe(fail);
      client.connect({ host: 'b', localAddress: '10.0.0.2', limits: { maxFields: -1 } }).subscribe(fail);
      client.connect({ host: 'b', localAddress: '10.0.0.2' }).subscribe(fail);
      flush();
      expect(scheduler.now()).toBe(7);
      expect(codes).toEqual(['INVALID_LIMIT', 'TIMEOUT_CONNECT', 'TIMEOUT_CONNECT']);
      expect(targets.map(({ host, localAddress }) => `${host} ${localAddress}`)).toEqual(['a 10.0.0.1', 'b 10.0.0.2']);
    });
  });
});
