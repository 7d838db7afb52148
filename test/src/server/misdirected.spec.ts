import { createSecureContext } from 'node:tls';
import { firstValueFrom, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { TlsServerConfig } from '../../../src/sockets/tls.js';
import { createClient } from '../../../src/client/create-client.js';
import type { ServerRequest } from '../../../src/server/server-request.js';
import type { RequestConfig } from '../../../src/client/request-config.js';
import { certificates } from '../../support/certificates.js';
import { realServer } from './real-server.js';

const { ca, server, other } = certificates();
const trusting = createClient({
  tls: { ca, checkServerIdentity: () => undefined },
  resolver: () => of([{ address: '127.0.0.1', family: 4 }]),
});

/** Two tenants at one port, and the requests that reach them. */
async function tenants(covers?: TlsServerConfig['covers']): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const SNICallback = (name: string, answer: (error: null, context?: ReturnType<typeof createSecureContext>) => void) =>
    answer(null, name === 'other.example' ? createSecureContext(other) : undefined);
  const handler = ({ authority }: ServerRequest): { body: string } => {
    asked.push(authority);
    return { body: 'ok' };
  };
  const { port } = await realServer(handler, { tls: { ...server, SNICallback, covers } });
  return { port, asked };
}

async function status(port: number, url: string, more: Partial<RequestConfig> = {}): Promise<number> {
  return (await firstValueFrom(trusting.request({ url: `https://${url}:${port}/`, ...more }))).status;
}

describe('requests on a connection that was made for another name', () => {
  it.each(['1.1', '2'] as const)('J8 are answered by 421, and reach no handler, over HTTP/%s', async (version) => {
    const { port, asked } = await tenants();
    const host = (name: string): Partial<RequestConfig> => ({ version, headers: { host: `${name}:${port}` } });
    expect(await status(port, 'localhost', { version })).toBe(200);
    expect(await status(port, 'localhost', host('other.example'))).toBe(421);
    expect(await status(port, 'other.example', host('localhost'))).toBe(421);
    expect(await status(port, 'other.example', host('OTHER.example.'))).toBe(200);
    expect(asked).toEqual([`localhost:${port}`, `OTHER.example.:${port}`]);
  });

  it('J8 without a name only an address may be asked for', async () => {
    const { port } = await tenants();
    const nameless = { tls: { ca, servername: false as const } };
    expect(await status(port, '127.0.0.1')).toBe(200);
    expect(await status(port, '127.0.0.1', { headers: { host: 'other.example' } })).toBe(421);
    expect(await status(port, 'localhost', nameless)).toBe(421);
  });

  it('who covers whom is for the caller to say', async () => {
    const asked: unknown[] = [];
    const covers = (servername: string | undefined, host: string): boolean => asked.push([servername, host]) > 0;
    const { port } = await tenants(covers);
    expect(await status(port, 'localhost', { headers: { host: 'b.example' } })).toBe(200);
    expect(asked).toEqual([['localhost', 'b.example']]);
  });

  it('a throw of that is a no, and of no harm', async () => {
    const { port } = await tenants(() => {
      throw new Error('mine');
    });
    expect(await status(port, 'localhost')).toBe(421);
    expect(await status(port, 'localhost', { version: '2' })).toBe(421);
  });

  it('it is asked where there is one certificate, too; else that is for all', async () => {
    const only = await realServer(() => ({ body: 'ok' }), {
      tls: { ...server, covers: (_, host) => host === 'localhost' },
    });
    expect(await status(only.port, 'localhost')).toBe(200);
    expect(await status(only.port, 'localhost', { headers: { host: 'b.example' } })).toBe(421);
    const all = await realServer(() => ({ body: 'ok' }), { tls: server });
    expect(await status(all.port, 'localhost', { headers: { host: 'b.example' } })).toBe(200);
  });

  it('without TLS nothing was settled', async () => {
    const { url } = await realServer(() => ({ body: 'ok' }));
    expect((await firstValueFrom(trusting.request({ url, headers: { host: 'b.example' } }))).status).toBe(200);
  });
});
