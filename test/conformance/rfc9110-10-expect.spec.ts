import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { text } from '../../operators/body/text.js';
import { NO_CONTENT, ourClient, ourServer, outcome, rawServer, statusesIn } from './raw-peer.js';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n';
const reading = () => ourServer((request) => request.body.pipe(text(), map((body) => ({ body: `<${body}>` })))); // prettier-ignore

describe('RFC 9110 §10.1.1, Expect, in a server', () => {
  it('100 Continue is sent when the handler begins to read, without waiting for content', async () => {
    const server = await reading();
    const answer = await server.send(POST, 'abc');
    expect(statusesIn(answer)).toEqual([100, 200]);
    expect(answer).toContain('<abc>');
  });

  it('a final status is sent at once where the handler does not want the content, and the connection closes', async () => {
    const server = await ourServer(() => ({ status: 401 }));
    const answer = await server.send(POST.replace('Connection: close\r\n', ''));
    expect(statusesIn(answer)).toEqual([401]);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('100 Continue is left out where the content has come already', async () => {
    const server = await reading();
    const answer = await server.send(`${POST}abc`);
    expect(answer).toContain('<abc>');
    expect(statusesIn(answer).at(-1)).toBe(200);
  });

  it('an expectation in an HTTP/1.0 request is ignored', async () => {
    const server = await reading();
    expect(statusesIn(await server.send(POST.replace('1.1', '1.0'), 'abc'))).toEqual([200]);
  });

  it('an expectation without content is not waited for', async () => {
    const server = await reading();
    expect(statusesIn(await server.send(POST.replace('Content-Length: 3\r\n', '')))).toEqual([200]);
  });

  it('an unknown expectation is answered by 417', async () => {
    const server = await reading();
    expect(statusesIn(await server.send(POST.replace('100-continue', 'miracles'), 'abc'))).toEqual([417]);
    expect(server.requests).toEqual([]);
  });
});

describe('RFC 9110 §10.1.1, Expect, in a client', () => {
  const upload = { method: 'POST', body: 'abc', expectContinue: true } as const;

  it('the body waits for 100, and is sent after it', async () => {
    let before = '';
    const raw = await rawServer(async ({ write, until }) => {
      before = await until('\r\n\r\n');
      await new Promise((resolve) => setTimeout(resolve, 30));
      before = raw.received[0] as string;
      write('HTTP/1.1 100 Continue\r\n\r\n');
      await until('abc');
      write(NO_CONTENT);
    });
    const { response } = await outcome({ ...upload, url: raw.url });
    expect(before).toMatch(/^expect: 100-continue\r$/m);
    expect(before.endsWith('\r\n\r\n')).toBe(true);
    expect(response?.status).toBe(204);
  });

  it('the body is not waited with forever: it is sent when no answer comes', async () => {
    const raw = await rawServer(async ({ write, until }) => {
      await until('abc');
      write(NO_CONTENT);
    });
    const client = ourClient({ timeout: { continue: 30, head: 3000 } });
    expect((await outcome({ ...upload, url: raw.url }, client)).response?.status).toBe(204);
  });

  it('after a final answer the body is not sent, and the connection not used again', async () => {
    const raw = await rawServer(async ({ write, until }) => {
      await until('\r\n\r\n');
      write('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n');
    });
    expect((await outcome({ ...upload, url: raw.url })).response?.status).toBe(417);
    await raw.ended();
    expect(raw.received[0]).not.toContain('abc');
  });

  it('no expectation is sent without content', async () => {
    const raw = await rawServer(({ write, until }) => void until('\r\n\r\n').then(() => write(NO_CONTENT)));
    await outcome({ url: raw.url, expectContinue: true });
    expect(raw.received[0]).not.toContain('expect');
  });
});
