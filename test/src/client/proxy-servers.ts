import { connect, createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { map, tap } from 'rxjs';
import { onTestFinished } from 'vitest';
import { basicCredentials } from '../../../operators/exchange/credentials.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ServeConfig } from '../../../src/server/serve-config.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import type { UpgradedSocket } from '../../../src/server/server-response.js';
import { connectTcp } from '../../../src/sockets/tcp.js';
import { certificates } from '../../support/certificates.js';
import { realServer } from '../server/real-server.js';

const LOOPBACK = '127.0.0.1';

/** A proxy, and what it was asked for: every name is this machine to it. */
export interface RunningProxy {
  readonly url: string;
  /** `CONNECT host:port`, `GET http://…` or, of SOCKS, `name host:port`. */
  readonly asked: string[];
  /** Proxy-Authorization of each request to an HTTP proxy. */
  readonly credentials: (string | undefined)[];
  /** The first bytes sent through each tunnel. */
  readonly firstBytes: number[];
  readonly open: () => number;
}

/** An HTTP proxy made of our own server: forwards what is asked in absolute form, and opens tunnels. */
export async function httpProxy(
  { secure = false, login }: { secure?: boolean; login?: readonly [string, string] } = {},
  config: ServeConfig = {},
): Promise<RunningProxy> {
  const behind = createClient({ decompress: false });
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const firstBytes: number[] = [];
  let open = 0;
  const expected = login && basicCredentials(...login);
  const handle = (request: ServerRequest) => {
    const { method, target, fields, body, url } = request;
    asked.push(`${method} ${target}`);
    credentials.push(fields.get('proxy-authorization'));
    if (expected !== undefined && fields.get('proxy-authorization') !== expected) {
      return {
        status: 407,
        fields: { 'proxy-authenticate': 'Basic realm="p"', 'set-cookie': 'proxy=1', location: 'http://evil.test/' },
        body: 'who are you?',
      };
    }
    if (method === 'CONNECT') {
      return connectTcp({ host: LOOPBACK, port: Number(url.port || 80) }).pipe(
        map((out) => ({
          status: 200,
          upgraded: (socket: UpgradedSocket) => {
            let first = true;
            open++;
            socket
              .pipe(
                tap({
                  next: (chunk) => {
                    if (first) firstBytes.push(chunk[0] as number);
                    first = false;
                  },
                  finalize: () => open--,
                }),
              )
              .subscribe(out);
            out.subscribe(socket);
          },
        })),
      );
    }
    const to = new URL(target);
    to.hostname = LOOPBACK;
    const headers = [...fields].filter(({ name }) => name !== 'proxy-authorization' && name !== 'connection');
    const sized = fields.has('content-length') || fields.has('transfer-encoding');
    return behind
      .request({ url: to, method, headers, redirect: 'manual', ...(sized && { body }) })
      .pipe(map((response) => ({ status: response.status, fields: response.fields, body: response.body })));
  };
  const tls = secure ? { tls: certificates().server } : {};
  const { port } = await realServer(handle, { ...tls, ...config });
  const userinfo = login === undefined ? '' : `${login.map(encodeURIComponent).join(':')}@`;
  const url = `${secure ? 'https' : 'http'}://${userinfo}localhost:${port}`;
  return { url, asked, credentials, firstBytes, open: () => open };
}

/** A SOCKS 5 proxy in forty lines, with or without user and password. */
export async function socksProxy({
  login,
  reply = 0,
}: { login?: readonly [string, string]; reply?: number } = {}): Promise<RunningProxy> {
  const asked: string[] = [];
  const firstBytes: number[] = [];
  const sockets = new Set<Socket>();
  const server: NetServer = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    const expected =
      login && Buffer.from([1, login[0].length, ...Buffer.from(login[0]), login[1].length, ...Buffer.from(login[1])]);
    let step = 'method';
    const request = (bytes: Buffer): void => {
      const [, , , type, length = 0] = bytes;
      const host =
        type === 1
          ? bytes.subarray(4, 8).join('.')
          : type === 3
            ? bytes.toString('latin1', 5, 5 + length)
            : `[${bytes.toString('hex', 4, 20)}]`;
      const port = bytes.readUInt16BE(bytes.length - 2);
      asked.push(`${type === 3 ? 'name' : 'address'} ${host}:${port}`);
      const answer = Buffer.from([5, reply, 0, 1, 127, 0, 0, 1, 0, 0]);
      if (reply !== 0) return void socket.end(answer);
      const out = connect(port, LOOPBACK, () => {
        socket.write(answer);
        socket.once('data', (chunk) => firstBytes.push(chunk[0] as number));
        socket.pipe(out).pipe(socket);
      });
      out.on('error', () => socket.destroy());
      socket.on('close', () => out.destroy());
      out.on('close', () => socket.destroy());
    };
    const read = (bytes: Buffer): void => {
      if (step === 'method') {
        step = expected ? 'password' : 'request';
        socket.write(Buffer.from([5, expected ? 2 : 0]));
      } else if (step === 'password') {
        step = 'request';
        socket.write(Buffer.from([1, expected?.equals(bytes) === true ? 0 : 1]));
      } else {
        socket.off('data', read);
        request(bytes);
      }
    };
    socket.on('data', read);
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const userinfo = login === undefined ? '' : `${login.map(encodeURIComponent).join(':')}@`;
  return {
    url: `socks5h://${userinfo}localhost:${port}`,
    asked,
    credentials: [],
    firstBytes,
    open: () => sockets.size,
  };
}
