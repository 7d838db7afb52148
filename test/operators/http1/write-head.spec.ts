import { describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import { encodeRequestHead, encodeResponseHead } from '../../../operators/http1/message-encoder.js';

const host = (): Fields => new Fields({ host: 'a' });

describe('encodeRequestHead', () => {
  it('writes line, fields, extra lines, empty line', () => {
    expect(
      encodeRequestHead(
        'GET',
        '/a?b',
        new Fields([
          ['Host', 'a'],
          ['X', '1'],
          ['x', '2'],
        ]),
        'connection: close\r\n',
      ),
    ).toBe('GET /a?b HTTP/1.1\r\nhost: a\r\nx: 1\r\nx: 2\r\nconnection: close\r\n\r\n');
    expect(encodeRequestHead('OPTIONS', '*', host(), '', '1.0')).toBe('OPTIONS * HTTP/1.0\r\nhost: a\r\n\r\n');
    expect(encodeRequestHead('CONNECT', 'a:1', host(), '')).toContain('CONNECT a:1 ');
    expect(encodeRequestHead('GET', 'http://a/', host(), '')).toContain('GET http://a/ ');
    expect(encodeRequestHead('GET', '/', new Fields(), 'host: b\r\n')).toContain('\r\nhost: b\r\n');
    expect(encodeRequestHead('GET', '/', new Fields(), '', '1.0')).toBe('GET / HTTP/1.0\r\n\r\n');
  });

  it.each(['', 'G T', 'GET\r\n', 'G\0', 'GÉT', 'GET /'])('refuses the method %j', (method) => {
    expect(() => encodeRequestHead(method, '/', host(), '')).toThrow(
      expect.objectContaining({ code: 'INVALID_METHOD' }),
    );
  });

  it.each([
    ['GET', ''],
    ['GET', 'a'],
    ['GET', '/ HTTP/1.1\r\nX: y'],
    ['GET', '/\u010a'],
    ['GET', '/#a'],
    ['GET', '*'],
    ['CONNECT', '/'],
  ])('refuses the target of %s %j', (method, target) => {
    expect(() => encodeRequestHead(method, target, host(), '')).toThrow(
      expect.objectContaining({ code: 'INVALID_TARGET' }),
    );
  });

  it('wants exactly one Host', () => {
    const code = { code: 'INVALID_HOST' };
    expect(() => encodeRequestHead('GET', '/', new Fields(), '')).toThrow(expect.objectContaining(code));
    expect(() => encodeRequestHead('GET', '/', host(), 'host: b\r\n')).toThrow(expect.objectContaining(code));
    const two = host().append('host', 'b');
    expect(() => encodeRequestHead('GET', '/', two, '', '1.0')).toThrow(expect.objectContaining(code));
  });

  it('refuses pseudo-fields', () => {
    const code = expect.objectContaining({ code: 'INVALID_FIELD_NAME' });
    expect(() => encodeRequestHead('GET', '/', new Fields([[':path', '/']]), 'host: a\r\n')).toThrow(code);
    expect(() => encodeResponseHead(200, host().append(':status', '1'), '')).toThrow(code);
  });
});

describe('encodeResponseHead', () => {
  it('writes the registered reason, another one, or none, always with the space', () => {
    expect(encodeResponseHead(200, new Fields({ a: 'b' }), 'c: d\r\n')).toBe('HTTP/1.1 200 OK\r\na: b\r\nc: d\r\n\r\n');
    expect(encodeResponseHead(200, new Fields(), '', '1.0', 'Fine\tthen')).toBe('HTTP/1.0 200 Fine\tthen\r\n\r\n');
    expect(encodeResponseHead(799, new Fields(), '')).toBe('HTTP/1.1 799 \r\n\r\n');
    expect(encodeResponseHead(200, new Fields(), '', '1.1', '')).toBe('HTTP/1.1 200 \r\n\r\n');
  });

  it.each([99, 1000, 200.5, Number.NaN, '200' as unknown as number])('refuses the status %j', (status) => {
    expect(() => encodeResponseHead(status, new Fields(), '')).toThrow(
      expect.objectContaining({ code: 'INVALID_STATUS' }),
    );
  });

  it.each(['a\r\nb: c', 'a\n', '\0', '\u010a'])('refuses the reason %j', (reason) => {
    expect(() => encodeResponseHead(200, new Fields(), '', '1.1', reason)).toThrow(
      expect.objectContaining({ code: 'INVALID_REASON' }),
    );
  });
});
