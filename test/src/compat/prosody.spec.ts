import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client/create-client.js';
import { createRequest, type ProsodyOptions, type ProsodyResponse, request } from '../../../src/compat/prosody.js';
import { Origin, type Seen, until } from './origin.js';

const origin = new Origin();
let url: string;

beforeAll(async () => {
  await origin.start();
  url = origin.url;
});
afterAll(() => origin.stop());

type Told = [body: string | null, code: number, response: ProsodyResponse | Error];

/** What the callback is told. */
function ask(target: string, options?: ProsodyOptions, via = request): Promise<Told> {
  return new Promise((resolve) => void via(target, options, (body, code, response) => resolve([body, code, response])));
}

async function seen(options?: ProsodyOptions): Promise<Seen> {
  const [body] = await ask(`${url}/echo`, options);
  return JSON.parse(body ?? '') as Seen;
}

describe('request of compat/prosody', () => {
  it('tells an invalid URL twice: null and 0 to the callback, at once, and by what it returns', () => {
    const told: unknown[] = [];
    expect(request('not a url', undefined, (...all) => told.push(...all))).toEqual([null, 'invalid-url']);
    expect(told).toEqual([null, 0, expect.objectContaining({ code: 'INVALID_URL' })]);
    expect(request('ftp://host/', {}, () => undefined)).toEqual([null, 'invalid-url']);
  });

  it('gets the body, its status, and the whole of it', async () => {
    origin.routes.set('/two', (_, response) => response.writeHead(404, { 'x-two': ['1', '2'] }).end('nothing'));
    const [body, code, response] = await ask(`${url}/two`);
    expect([body, code]).toEqual(['nothing', 404]);
    expect(response).toMatchObject({ code: 404, httpversion: '1.1', body: 'nothing', headers: { 'x-two': '1, 2' } });
  });

  it('builds a GET without a body, and posts a form with one', async () => {
    expect(await seen()).toMatchObject({ method: 'GET', body: '' });
    expect(await seen({ body: 'a=1' })).toMatchObject({
      method: 'POST',
      body: 'a=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '3' },
    });
  });

  it('lets method and headers say otherwise', async () => {
    const sent = await seen({
      method: 'PUT',
      body: '{}',
      headers: { 'Content-Type': 'application/json', 'X-Number': 5 },
    });
    expect(sent).toMatchObject({ method: 'PUT', headers: { 'content-type': 'application/json', 'x-number': '5' } });
  });

  it('follows no redirect', async () => {
    origin.routes.set('/moved', (_, response) => response.writeHead(302, { location: '/echo' }).end('moved'));
    expect((await ask(`${url}/moved`)).slice(0, 2)).toEqual(['moved', 302]);
  });

  it('tells a failure with 0 and the error', async () => {
    const [message, code, error] = await ask('http://127.0.0.1:1/');
    expect([message, code]).toEqual([expect.stringContaining('ECONNREFUSED'), 0]);
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('tells a failure in the body once, and never half of it', async () => {
    origin.routes.set('/cut', (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some', () => response.socket?.destroy());
    });
    const [, code, error] = await ask(`${url}/cut`);
    expect([code, error]).toEqual([0, expect.any(Error)]);
  });

  it('can be given up, and then tells nothing', async () => {
    let asked = false;
    let closed = false;
    origin.routes.set('/silent', (_, response) => {
      asked = true;
      response.on('close', () => (closed = true));
    });
    let told = false;
    const [pending] = request(`${url}/silent`, {}, () => (told = true));
    await until(() => asked, 'asked');
    pending?.destroy();
    await until(() => closed, 'cancelled');
    expect(told).toBe(false);
  });

  it('gives the callback its request', async () => {
    let given: unknown;
    const [pending] = request(`${url}/echo`, {}, (...all) => (given = all[3]));
    await until(() => given !== undefined, 'answered');
    expect(given).toBe(pending);
    expect(pending?.url).toBe(`${url}/echo`);
  });

  it('goes by the client it is made of', async () => {
    const client = createClient({ userAgent: 'compat' });
    const [body] = await ask(`${url}/echo`, undefined, createRequest(client));
    expect((JSON.parse(body ?? '') as Seen).headers['user-agent']).toBe('compat');
    client.close().subscribe();
  });
});
