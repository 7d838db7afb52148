import { catchError, firstValueFrom, lastValueFrom, map, type Observable, of, toArray } from 'rxjs';
import * as rxjs from 'rxjs/ajax';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client/create-client.js';
import {
  ajax,
  type AjaxConfig,
  AjaxError,
  AjaxResponse,
  AjaxTimeoutError,
  createAjax,
} from '../../../src/compat/ajax.js';
import { CookieStore } from '../../../src/stores/cookie-store.js';
import { bodyOf, Origin, type Seen, until } from './origin.js';

const origin = new Origin();
let url: string;

beforeAll(async () => {
  await origin.start();
  url = origin.url;
  origin.routes.set('/users', (_, response) => {
    response.setHeader('content-type', 'application/json').setHeader('x-two', ['1', '2']);
    response.end('[{ "login": "marlow" }]');
  });
  origin.routes.set('/fails', (_, response) => {
    response.writeHead(422, { 'content-type': 'application/json' }).end('{ "why": "it does" }');
  });
  origin.routes.set('/silent', () => undefined);
});
afterAll(() => origin.stop());

const seen = (answer: Observable<AjaxResponse<unknown>>): Promise<Seen> =>
  firstValueFrom(answer.pipe(map(({ response }) => response as Seen)));

type Failure = Omit<AjaxError, 'cause'> & { readonly cause?: { readonly code?: string } | undefined };

const failureOf = (answer: Observable<unknown>): Promise<Failure> =>
  lastValueFrom(answer).then(
    () => Promise.reject(new Error('no error')),
    (error: Failure) => error,
  );

describe('the samples of the documentation of rxjs/ajax', () => {
  it('fetch the response object that is being returned from API', async () => {
    const obs$ = ajax(`${url}/users?per_page=5`).pipe(
      map((userResponse) => ['users: ', userResponse]),
      catchError((error) => of(['error: ', error])),
    );
    const [label, response] = (await firstValueFrom(obs$)) as [string, AjaxResponse<unknown>];
    expect(label).toBe('users: ');
    expect(response).toBeInstanceOf(AjaxResponse);
    expect(response.response).toEqual([{ login: 'marlow' }]);
    expect([response.status, response.type, response.responseType]).toEqual([200, 'download_load', 'json']);
    expect([response.loaded, response.total]).toEqual([23, 23]);
    expect(response.responseHeaders).toMatchObject({ 'content-type': 'application/json', 'x-two': '1, 2' });
    expect(response.request).toMatchObject({ url: `${url}/users?per_page=5`, method: 'GET', async: true });
    expect(response.originalEvent).toMatchObject({ type: 'load', loaded: 23 });
  });

  it('use ajax.getJSON() to fetch data from API', async () => {
    const obs$ = ajax.getJSON(`${url}/users?per_page=5`).pipe(
      map((userResponse) => ['users: ', userResponse]),
      catchError((error) => of(['error: ', error])),
    );
    expect(await firstValueFrom(obs$)).toEqual(['users: ', [{ login: 'marlow' }]]);
  });

  it('use ajax() with object as argument and method POST with a two seconds delay response', async () => {
    const users = ajax({
      url: `${url}/echo`,
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'rxjs-custom-header': 'Rxjs' },
      body: { rxjs: 'Hello World!' },
    }).pipe(
      map((response) => ['response: ', response.response]),
      catchError((error) => of(['error: ', error])),
    );
    const [label, answer] = (await firstValueFrom(users)) as [string, Seen];
    expect(label).toBe('response: ');
    expect(answer).toMatchObject({ method: 'POST', body: '{"rxjs":"Hello World!"}' });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'rxjs-custom-header': 'Rxjs',
      'x-requested-with': 'XMLHttpRequest',
      'content-length': '23',
    });
  });

  it('use ajax() to fetch, with an error object that is being returned', async () => {
    const obs$ = ajax('http://127.0.0.1:1/nothing').pipe(
      map((userResponse) => ['users: ', userResponse]),
      catchError((error) => of(['error: ', error])),
    );
    const [label, error] = (await firstValueFrom(obs$)) as [string, AjaxError];
    expect(label).toBe('error: ');
    expect(error).toMatchObject({
      name: 'AjaxError',
      message: 'ajax error',
      status: 0,
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('have a method each', async () => {
    const headers = { 'x-own': '1' };
    const body = { a: 1 };
    expect(await seen(ajax.get(`${url}/echo`, headers))).toMatchObject({ method: 'GET', headers, body: '' });
    expect(await seen(ajax.delete(`${url}/echo`, headers))).toMatchObject({ method: 'DELETE', headers });
    expect(await seen(ajax.post(`${url}/echo`, body, headers))).toMatchObject({
      method: 'POST',
      headers,
      body: '{"a":1}',
    });
    expect(await seen(ajax.put(`${url}/echo`, body))).toMatchObject({ method: 'PUT', body: '{"a":1}' });
    expect(await seen(ajax.patch(`${url}/echo`, body))).toMatchObject({ method: 'PATCH', body: '{"a":1}' });
    expect(await firstValueFrom(ajax.getJSON(`${url}/echo`, headers))).toMatchObject({ method: 'GET', headers });
  });
});

describe('what is sent', () => {
  it('is text, parameters, forms, Blobs and bytes as they are', async () => {
    const post = (body: unknown): Promise<Seen> => seen(ajax.post(`${url}/echo`, body));
    const type = async (body: unknown): Promise<unknown> => (await post(body)).headers['content-type'];
    expect(await type('text')).toBe('text/plain;charset=UTF-8');
    expect(await type(new URLSearchParams('a=1'))).toBe('application/x-www-form-urlencoded;charset=UTF-8');
    expect(await type({ a: 1 })).toBe('application/json;charset=utf-8');
    expect(await type(new Blob(['b'], { type: 'text/b' }))).toBe('text/b');
    const form = new FormData();
    form.append('a', '1');
    expect(await type(form)).toMatch(/^multipart\/form-data; boundary=/);
    expect((await post(new Uint8Array([65, 66]))).body).toBe('AB');
    expect((await post(new Uint8Array([67, 68]).buffer)).body).toBe('CD');
    expect((await post(new Blob(['streamed']).stream())).body).toBe('streamed');
  });

  it('has the parameters of queryParams laid over those of the URL', async () => {
    const path = async (config: AjaxConfig): Promise<string> => (await seen(ajax(config))).path;
    expect(await path({ url: `${url}/echo?a=1&b=2`, queryParams: { b: 5, c: 6 } })).toBe('/echo?a=1&b=5&c=6');
    expect(await path({ url: `${url}/echo`, queryParams: [['a', 'b c']] })).toBe('/echo?a=b+c');
    expect(await path({ url: `${url}/echo`, queryParams: new URLSearchParams('x=y') })).toBe('/echo?x=y');
  });

  it('has no x-requested-with across domains, and credentials where they are given', async () => {
    const { headers } = await seen(ajax({ url: `${url}/echo`, crossDomain: true, user: 'u', password: 'p w' }));
    expect(headers['x-requested-with']).toBeUndefined();
    expect(headers.authorization).toBe(`Basic ${Buffer.from('u:p w').toString('base64')}`);
  });

  it('has the XSRF cookie of the store in its field, unless it is HttpOnly or goes across domains without credentials', async () => {
    const cookies = new CookieStore();
    cookies.store('XSRF=token; Path=/', { url });
    cookies.store('HIDDEN=secret; Path=/; HttpOnly', { url });
    const client = createClient({ cookies });
    const mine = createAjax(client, { cookies });
    const field = async (config: Partial<AjaxConfig>, via = mine): Promise<unknown> =>
      (await seen(via({ url: `${url}/echo`, xsrfCookieName: 'XSRF', xsrfHeaderName: 'x-xsrf', ...config }))).headers['x-xsrf']; // prettier-ignore
    expect(await field({})).toBe('token');
    expect(await field({ crossDomain: true })).toBeUndefined();
    expect(await field({ crossDomain: true, withCredentials: true })).toBe('token');
    expect(await field({ xsrfCookieName: 'HIDDEN' })).toBeUndefined();
    expect(await field({}, ajax)).toBeUndefined();
    client.close().subscribe();
  });
});

describe('cookies of the client', () => {
  it('go along, and are kept, unless the request crosses domains without credentials', async () => {
    origin.routes.set('/baked', (_, response) => {
      response.setHeader('set-cookie', 'baked=1; Path=/').end('{}');
    });
    const cookies = new CookieStore();
    cookies.store('mine=1; Path=/', { url });
    const client = createClient({ cookies });
    const mine = createAjax(client);
    const sent = async (config: Partial<AjaxConfig>): Promise<unknown> =>
      (await seen(mine({ url: `${url}/echo`, ...config }))).headers.cookie;
    expect(await sent({ crossDomain: true })).toBeUndefined();
    await firstValueFrom(mine({ url: `${url}/baked`, crossDomain: true }));
    expect(await sent({ crossDomain: true, withCredentials: true })).toBe('mine=1');
    await firstValueFrom(mine({ url: `${url}/baked` }));
    expect(await sent({})).toBe('mine=1; baked=1');
    client.close().subscribe();
  });
});

describe('what comes', () => {
  it('is of the type that was asked for', async () => {
    origin.routes.set('/latin', (_, response) => {
      response.setHeader('content-type', 'text/plain; charset=iso-8859-1').end(Buffer.from('caf\xe9', 'latin1'));
    });
    const get = async (responseType: string, path = '/users'): Promise<unknown> =>
      (await firstValueFrom(ajax({ url: url + path, responseType } as AjaxConfig))).response;
    expect(await get('text')).toBe('[{ "login": "marlow" }]');
    expect(await get('', '/latin')).toBe('café');
    expect(Buffer.from((await get('arraybuffer')) as ArrayBuffer).toString()).toBe('[{ "login": "marlow" }]');
    const blob = (await get('blob')) as Blob;
    expect([blob.type, await blob.text()]).toEqual(['application/json', '[{ "login": "marlow" }]']);
    expect(await get('json', '/latin')).toBeNull();
    expect(await get('document')).toBe('[{ "login": "marlow" }]');
  });

  it('follows redirects, and says where it is from', async () => {
    origin.routes.set('/moved', (request, response) => {
      void bodyOf(request).then(() => response.writeHead(307, { location: '/echo' }).end('moved'));
    });
    const answer = await firstValueFrom(ajax.post<Seen>(`${url}/moved`, 'kept'));
    expect(answer.response).toMatchObject({ method: 'POST', path: '/echo', body: 'kept' });
    expect([answer.status, answer.xhr.responseURL]).toEqual([200, `${url}/echo`]);
  });

  it('fails from 400 on, with the response', async () => {
    const error = await failureOf(ajax(`${url}/fails`));
    expect(error).toBeInstanceOf(AjaxError);
    expect(error).toBeInstanceOf(rxjs.AjaxError);
    expect(error).toMatchObject({
      message: 'ajax error 422',
      status: 422,
      response: { why: 'it does' },
      responseType: 'json',
    });
    expect(error.cause).toBeUndefined();
  });

  it('fails with AjaxTimeoutError where it takes too long', async () => {
    const error = await failureOf(ajax({ url: `${url}/silent`, timeout: 20 }));
    expect(error).toBeInstanceOf(AjaxTimeoutError);
    expect(error).toMatchObject({ name: 'AjaxTimeoutError', status: 0, cause: { code: 'TIMEOUT_TOTAL' } });
  });

  it('fails where it is cut off, whatever has come', async () => {
    origin.routes.set('/cut', (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some', () => response.socket?.destroy());
    });
    const error = await failureOf(ajax({ url: `${url}/cut`, responseType: 'text' }));
    expect(error).toMatchObject({ message: 'ajax error', status: 0, response: '' });
    expect(error.cause?.code).toBeDefined();
  });

  it('fails where it is more than maxBytes, and cancels the rest', async () => {
    let closed = false;
    origin.routes.set('/much', (_, response) => {
      response.on('close', () => (closed = true));
      response.write(Buffer.alloc(100_000));
    });
    const error = await failureOf(createAjax(createClient(), { maxBytes: 1000 })(`${url}/much`));
    expect(error.cause?.code).toBe('BODY_TOO_LARGE');
    await until(() => closed, 'cancelled');
  });

  it('fails as a TypeError for a body of no kind, and before anything is sent for what cannot be', async () => {
    await expect(lastValueFrom(ajax.post(`${url}/echo`, 5))).rejects.toThrow(TypeError);
    await expect(lastValueFrom(ajax({ url: `${url}/echo`, async: false }))).rejects.toMatchObject({ code: 'INVALID_OPTION' }); // prettier-ignore
    expect((await failureOf(ajax('/relative'))).cause?.code).toBe('INVALID_URL');
  });
});

describe('progress', () => {
  const CHUNK = 50_000;
  beforeAll(() => {
    origin.routes.set('/steps', (_, response) => {
      response.writeHead(200, { 'content-length': `${2 * CHUNK}` });
      response.write('a'.repeat(CHUNK), () => setImmediate(() => response.end('b'.repeat(CHUNK))));
    });
    origin.routes.set('/count', (request, response) => {
      void bodyOf(request).then((body) => response.end(String(body.length)));
    });
  });

  it('of a download is told in steps, the last of which is the response', async () => {
    const all = await lastValueFrom(
      ajax<string>({ url: `${url}/steps`, responseType: 'text', includeDownloadProgress: true }).pipe(toArray()),
    );
    const types = all.map(({ type }) => type);
    expect(types[0]).toBe('download_loadstart');
    expect(types.slice(1, -1).length).toBeGreaterThan(0);
    expect(new Set(types.slice(1, -1))).toEqual(new Set(['download_progress']));
    const last = all.at(-1)!;
    expect([last.type, last.loaded, last.total, last.response.length]).toEqual(['download_load', 2 * CHUNK, 2 * CHUNK, 2 * CHUNK]); // prettier-ignore
    const loaded = all.map((one) => one.loaded);
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b));
    for (const one of all.slice(1, -1)) {
      expect([one.total, one.response.length]).toEqual([2 * CHUNK, one.loaded]);
    }
  });

  it('of an upload is told in steps, before the response', async () => {
    const body = new Blob(['x'.repeat(200_000)]);
    const all = await lastValueFrom(
      ajax<number>({ url: `${url}/count`, method: 'POST', body, includeUploadProgress: true }).pipe(toArray()),
    );
    const types = all.map(({ type }) => type);
    expect([types[0], ...types.slice(-2)]).toEqual(['upload_loadstart', 'upload_load', 'download_load']);
    expect(new Set(types.slice(1, -2))).toEqual(new Set(['upload_progress']));
    const steps = all.slice(1, -2);
    expect(steps.at(-1)).toMatchObject({ loaded: 200_000, total: 200_000 });
    expect(all.at(-1)?.response).toBe(200_000);
  });

  it('of both, where both are wanted', async () => {
    const config = {
      url: `${url}/echo`,
      method: 'POST',
      body: 'x',
      includeUploadProgress: true,
      includeDownloadProgress: true,
    };
    const types = (await lastValueFrom(ajax(config).pipe(toArray()))).map(({ type }) => type);
    expect(types).toEqual([
      'download_loadstart',
      'upload_loadstart',
      'upload_progress',
      'upload_load',
      'download_progress',
      'download_load',
    ]);
  });

  it('is told to a progressSubscriber, which completes with the response and fails with its error', async () => {
    const told: string[] = [];
    const progressSubscriber = {
      next: (event: { type: string }) => void told.push(event.type),
      error: () => void told.push('error'),
      complete: () => void told.push('complete'),
    };
    await lastValueFrom(ajax({ url: `${url}/count`, method: 'POST', body: 'abc', progressSubscriber }));
    expect(told).toEqual(['loadstart', 'progress', 'complete']);
    told.length = 0;
    await failureOf(ajax({ url: `${url}/fails`, progressSubscriber }));
    expect(told).toEqual(['error']);
  });
});

describe('unsubscribing', () => {
  it.each(['/silent', '/endless'])('cancels, on the wire: %s', async (path) => {
    let asked = false;
    let closed = false;
    origin.routes.set(path, (_, response) => {
      asked = true;
      response.on('close', () => (closed = true));
      if (path === '/endless') response.write('begun');
    });
    let loaded = 0;
    const config = { url: url + path, responseType: 'text', includeDownloadProgress: true } as const;
    const subscription = ajax(config).subscribe((response) => (loaded = response.loaded));
    await until(() => asked && (path === '/silent' || loaded > 0), 'asked');
    subscription.unsubscribe();
    await until(() => closed, 'cancelled');
  });

  it('cancels an upload, and lets its source go', async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (stream) => stream.enqueue(new Uint8Array(65_536)),
      cancel: () => void (cancelled = true),
    });
    let asked = false;
    origin.routes.set('/stuck', () => (asked = true));
    const subscription = ajax.post(`${url}/stuck`, body).subscribe();
    await until(() => asked, 'asked');
    subscription.unsubscribe();
    await until(() => cancelled, 'let go');
  });

  it('within the first thing that is told sends nothing', async () => {
    const before = origin.aborted.length;
    let asked = false;
    origin.routes.set('/never', () => (asked = true));
    await firstValueFrom(ajax({ url: `${url}/never`, includeDownloadProgress: true }));
    await firstValueFrom(ajax(`${url}/users`));
    expect([asked, origin.aborted.length]).toEqual([false, before]);
  });
});
