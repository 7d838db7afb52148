import { createServer, get, request as nodeRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstValueFrom, lastValueFrom, map, type Subscription } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { fetch, request as undiciRequest } from 'undici';
import { bytes } from '../../operators/body/bytes.js';
import { text } from '../../operators/body/text.js';
import { createClient } from '../../src/client/create-client.js';
import { serve } from '../../src/server/serve.js';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

function echo(): Promise<string> {
  return new Promise((resolve, reject) => {
    const running: Subscription = serve({ host: '127.0.0.1', port: 0 }, (request) =>
      request.body.pipe(
        bytes(),
        map((body) => ({
          fields: { 'x-method': request.method },
          body: [body],
          trailers: { 'x-sum': `${body.length}` },
        })),
      ),
    ).subscribe({ next: ({ address }) => resolve(`http://127.0.0.1:${address.port}`), error: reject });
    cleanUps.push(() => running.unsubscribe());
  });
}

describe('undici and node:http ask our server', () => {
  it('undici request: upload, download, trailers', async () => {
    const url = await echo();
    const answer = await undiciRequest(`${url}/x`, { method: 'POST', body: 'hallo' });
    expect(answer.headers['x-method']).toBe('POST');
    expect(await answer.body.text()).toBe('hallo');
    expect(answer.trailers).toEqual({ 'x-sum': '5' });
  });

  it('undici fetch with a streaming body', async () => {
    const url = await echo();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('one '));
        controller.enqueue(new TextEncoder().encode('two'));
        controller.close();
      },
    });
    const answer = await fetch(url, { method: 'POST', body: body as never, duplex: 'half' });
    expect(await answer.text()).toBe('one two');
  });

  it('node:http with Expect: 100-continue', async () => {
    const url = await echo();
    const body = await new Promise<string>((resolve, reject) => {
      const request = nodeRequest(url, { method: 'PUT', headers: { expect: '100-continue' } }, (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
        response.on('end', () => resolve(`${received} ${response.trailers['x-sum']}`));
      });
      request.on('error', reject);
      request.on('continue', () => request.end('continued'));
    });
    expect(body).toBe('continued 9');
  });

  it('node:http over one kept connection', async () => {
    const url = await echo();
    const { Agent } = await import('node:http');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number>();
    for (let i = 0; i < 5; i++) {
      await new Promise<void>((resolve, reject) => {
        get(url, { agent }, (response) => {
          ports.add(response.socket.localPort as number);
          response.resume().on('end', () => resolve());
        }).on('error', reject);
      });
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });
});

describe('our client asks node:http', () => {
  it('upload, trailers both ways, interim responses', async () => {
    const server = createServer((request, response) => {
      let received = '';
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      request.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      request.on('end', () => {
        response.writeHead(200, { trailer: 'x-sum' });
        response.write(received);
        response.addTrailers({ 'x-sum': String(request.trailers['x-up']) });
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const response = await firstValueFrom(
      createClient().request({
        url: `http://127.0.0.1:${port}/`,
        method: 'POST',
        body: ['some ', 'pieces'],
        trailers: () => ({ 'x-up': '11' }),
      }),
    );
    expect(response.informational.map(({ status }) => status)).toEqual([103]);
    const trailers = firstValueFrom(response.trailers);
    expect(await lastValueFrom(response.body.pipe(text()))).toBe('some pieces');
    expect((await trailers).get('x-sum')).toBe('11');
    server.closeAllConnections();
  });
});
