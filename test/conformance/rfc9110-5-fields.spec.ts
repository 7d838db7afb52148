import { describe, expect, it } from 'vitest';
import { Fields } from '../../operators/http/fields.js';
import { answering, ourServer, outcome, statusesIn } from './raw-peer.js';

const CLOSE = 'Connection: close\r\n\r\n';

describe('RFC 9110 §5, fields', () => {
  it('§5.1: names are case-insensitive, of what is received and of what is given', async () => {
    const server = await ourServer(() => ({ fields: { 'CONTENT-length': '2' }, body: 'ok' }));
    const answer = await server.send('GET / HTTP/1.1\r\nhOsT: a\r\nX-y: z\r\ncOnNeCtIoN: CLOSE\r\n\r\n');
    expect(server.requests[0]?.fields.get('X-Y')).toBe('z');
    expect(answer.match(/content-length/gi)).toHaveLength(1);
  });

  it('§5.1: unknown fields are passed on to the handler', async () => {
    const server = await ourServer();
    await server.send(`GET / HTTP/1.1\r\nHost: a\r\nWater-Level: high\r\n${CLOSE}`);
    expect(server.requests[0]?.fields.get('water-level')).toBe('high');
  });

  it('§5.3: fields of one name keep their order', async () => {
    const server = await ourServer();
    await server.send(`GET / HTTP/1.1\r\nX: 1\r\nHost: a\r\nX: 2\r\nx: 3\r\n${CLOSE}`);
    expect(server.requests[0]?.fields.getCombined('x')).toBe('1, 2, 3');
  });

  it('§5.3: a request is not handled before its whole header section is there', async () => {
    const server = await ourServer();
    const sending = server.send('GET / HTTP/1.1\r\nHost: a\r\n', CLOSE);
    expect(server.requests).toEqual([]);
    await sending;
    expect(server.requests).toHaveLength(1);
  });

  it('§5.4: fields that are too many or too large are answered by 431', async () => {
    const server = await ourServer();
    const many = 'X: y\r\n'.repeat(129);
    expect(statusesIn(await server.send(`GET / HTTP/1.1\r\nHost: a\r\n${many}${CLOSE}`))).toEqual([431]);
    const large = `X: ${'y'.repeat(17_000)}\r\n`;
    expect(statusesIn(await server.send(`GET / HTTP/1.1\r\nHost: a\r\n${large}${CLOSE}`))).toEqual([431]);
    expect(server.requests).toEqual([]);
  });

  it('§5.4: a client refuses a response whose fields are too many', async () => {
    const raw = await answering(`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(257)}Content-Length: 0\r\n\r\n`);
    expect((await outcome(raw.url)).code).toBe('FIELD_LIMIT');
    await raw.ended();
  });

  it.each(['\0', '\x01', '\x0b', '\x0c', '\x1f', '\x7f'])(
    '§5.5: %j in a value is refused, on either side',
    async (byte) => {
      const server = await ourServer();
      expect(statusesIn(await server.send(`GET / HTTP/1.1\r\nHost: a\r\nX: b${byte}c\r\n\r\n`))).toEqual([400]);
      const raw = await answering(`HTTP/1.1 200 OK\r\nX: b${byte}c\r\nContent-Length: 0\r\n\r\n`);
      expect((await outcome(raw.url)).code).toBe('BAD_FIELD_LINE');
    },
  );

  it('§5.5: CR, LF and NUL are never sent in a value', () => {
    for (const byte of ['\r', '\n', '\0']) {
      expect(() => new Fields({ x: `a${byte}b` })).toThrow(expect.objectContaining({ code: 'INVALID_FIELD_VALUE' }));
    }
  });

  it('§5.6.1: empty members of a list are ignored', async () => {
    const server = await ourServer();
    const answer = await server.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: , ,\t,close,\r\n\r\n');
    expect(statusesIn(answer)).toEqual([200]);
  });
});
