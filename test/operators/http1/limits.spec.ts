import { describe, expect, it } from 'vitest';
import { isUsageError } from '../../../operators/core/protocol-error.js';
import { CLIENT_LIMITS, type Http1Limits, resolveLimits, SERVER_LIMITS } from '../../../operators/http1/limits.js';
import { NEED_DATA, RequestDecoder } from '../../../operators/http1/message-decoder.js';
import { bytesOf, readRequest, readResponse, refused } from './support.js';

describe('resolveLimits', () => {
  it('gives frozen defaults by role', () => {
    expect(resolveLimits('server')).toBe(SERVER_LIMITS);
    expect(resolveLimits('client')).toBe(CLIENT_LIMITS);
    expect(resolveLimits('client', CLIENT_LIMITS)).toBe(CLIENT_LIMITS);
    expect(Object.isFrozen(SERVER_LIMITS) && Object.isFrozen(CLIENT_LIMITS)).toBe(true);
    expect(SERVER_LIMITS).toMatchObject({ maxFieldBytes: 16_384, maxFields: 128 });
    expect(CLIENT_LIMITS).toMatchObject({ maxFieldBytes: 65_536, maxFields: 256 });
  });

  it('changes what is given', () => {
    expect(resolveLimits('server', { maxFields: 3 })).toEqual({ ...SERVER_LIMITS, maxFields: 3 });
    expect(Object.isFrozen(resolveLimits('server', {}))).toBe(true);
    const undefinedLimit = { maxFields: undefined } as unknown as Partial<Http1Limits>;
    expect(resolveLimits('server', undefinedLimit)).toEqual(SERVER_LIMITS);
  });

  it.each([
    { maxFields: -1 },
    { maxFields: 1.5 },
    { maxFields: Number.NaN },
    { maxFields: Infinity },
    { maxStartLine: 0 },
    { maxChunkSizeDigits: 14 },
    { maxChunkSizeDigits: 0 },
    { maxFields: '5' as unknown as number },
    { maxHeaders: 5 } as unknown as Partial<Http1Limits>,
    { constructor: 5 } as unknown as Partial<Http1Limits>,
  ])('refuses %j', (partial) => {
    try {
      resolveLimits('server', partial);
      expect.unreachable();
    } catch (error) {
      expect(isUsageError(error) && error.code).toBe('INVALID_LIMIT');
    }
  });
});

describe('limits met exactly, and passed by one', () => {
  const request = (fields: string, limits: Partial<Http1Limits>): string =>
    refused(readRequest(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`, limits));
  const chunked = (body: string, limits: Partial<Http1Limits>): string =>
    refused(readRequest(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`, limits));

  it('maxStartLine of a request: 414', () => {
    const line = 'GET /0123456789 HTTP/1.1';
    expect(refused(readRequest(`${line}\r\nHost: a\r\n\r\n`, { maxStartLine: line.length }))).toContain('END');
    for (let max = 1; max < line.length; max++) {
      expect(refused(readRequest(`${line}\r\nHost: a\r\n\r\n`, { maxStartLine: max }))).toBe(
        'START_LINE_LIMIT 414 maxStartLine',
      );
    }
    expect(refused(readRequest(`\r\n${line}\r\nHost: a\r\n\r\n`, { maxStartLine: line.length }))).toContain('END');
  });

  it('maxStartLine of a response', () => {
    const line = 'HTTP/1.1 200 Reason';
    const text = `${line}\r\nContent-Length: 0\r\n\r\n`;
    expect(refused(readResponse(text, ['GET'], { maxStartLine: line.length }))).toContain('END');
    for (let max = 1; max < line.length; max++) {
      expect(refused(readResponse(text, ['GET'], { maxStartLine: max }))).toBe('START_LINE_LIMIT 0 maxStartLine');
    }
  });

  it('maxFields', () => {
    expect(request('B: 1\r\nC: 2\r\n', { maxFields: 3 })).toContain('END');
    expect(request('B: 1\r\nC: 2\r\nD: 3\r\n', { maxFields: 3 })).toBe('FIELD_LIMIT 431 maxFields');
    expect(request('', { maxFields: 0 })).toBe('FIELD_LIMIT 431 maxFields');
  });

  it('maxFieldBytes: names, values, 32 a field', () => {
    const cost = 'host'.length + 1 + 32 + 'x'.length + 5 + 32;
    expect(request('X: 12345\r\n', { maxFieldBytes: cost })).toContain('END');
    expect(request('X: 12345\r\n', { maxFieldBytes: cost - 1 })).toBe('FIELD_LIMIT 431 maxFieldBytes');
  });

  it('maxFieldBytes: white space does not cost, but is not unbounded', () => {
    const bytes = (spaces: number): number => 'Host: a\r\nX:1\r\n'.length + spaces;
    expect(request(`X:${' '.repeat(100)}1\r\n`, { maxFieldBytes: bytes(100) })).toContain('END');
    expect(request(`X:${' '.repeat(101)}1\r\n`, { maxFieldBytes: bytes(100) })).toBe('FIELD_LIMIT 431 maxFieldBytes');
    const decoder = new RequestDecoder({ maxFieldBytes: 100 });
    decoder.push(bytesOf(`GET / HTTP/1.1\r\nHost:${' '.repeat(100)}`));
    expect(() => decoder.read()).toThrow(expect.objectContaining({ code: 'FIELD_LIMIT', limit: 'maxFieldBytes' }));
  });

  it('an endless name or value is refused at the limit', () => {
    for (const start of ['X', 'X: ', 'X: y']) {
      const decoder = new RequestDecoder({ maxFieldBytes: 1000 });
      decoder.push(bytesOf(`GET / HTTP/1.1\r\n${start}`));
      let pushed = start.length;
      let error: unknown;
      while (error === undefined && pushed < 2000) {
        decoder.push(bytesOf('z'));
        pushed++;
        try {
          expect(decoder.read()).toBe(NEED_DATA);
        } catch (thrown) {
          error = thrown;
        }
      }
      expect(error).toMatchObject({ code: 'FIELD_LIMIT' });
      expect(pushed).toBe(1002);
    }
  });

  it('trailers', () => {
    const trailers = (lines: string, limits: Partial<Http1Limits>): string =>
      chunked(`1\r\na\r\n0\r\n${lines}\r\n`, limits).split('\n').at(-1) as string;
    expect(trailers('A: 1\r\nB: 2\r\n', { maxTrailers: 2 })).toBe('CLOSED');
    expect(trailers('A: 1\r\nB: 2\r\n', { maxTrailers: 1 })).toBe('TRAILER_LIMIT 431 maxTrailers');
    expect(trailers('A: 1\r\n', { maxTrailerBytes: 34 })).toBe('CLOSED');
    expect(trailers('A: 1\r\n', { maxTrailerBytes: 33 })).toBe('TRAILER_LIMIT 431 maxTrailerBytes');
    expect(trailers('', { maxTrailerBytes: 0, maxTrailers: 0 })).toBe('CLOSED');
  });

  it('chunk sizes', () => {
    expect(chunked('000000000000a\r\n0123456789\r\n0\r\n\r\n', {})).toContain('DATA() 0123456789');
    expect(chunked('0000000000000a\r\n', {})).toContain('BAD_CHUNK');
    expect(chunked('00a\r\n0123456789\r\n0\r\n\r\n', { maxChunkSizeDigits: 3 })).toContain('CLOSED');
    expect(chunked('000a\r\n0123456789\r\n0\r\n\r\n', { maxChunkSizeDigits: 3 })).toContain('BAD_CHUNK');
  });

  it('chunk extensions: of a chunk', () => {
    const extension = ';a="b c"';
    const body = `1${extension}\r\nx\r\n0\r\n\r\n`;
    expect(chunked(body, { maxChunkExtension: extension.length })).toContain('CLOSED');
    const passed = chunked(body, { maxChunkExtension: extension.length - 1 });
    expect(passed).toContain('CHUNK_EXTENSION_LIMIT 400 maxChunkExtension');
  });

  it('chunk extensions: of a body', () => {
    const body = '1;aa\r\nx\r\n1;aa\r\nx\r\n0;aa\r\n\r\n';
    expect(chunked(body, { maxChunkExtensions: 9 })).toContain('CLOSED');
    expect(chunked(body, { maxChunkExtensions: 8 })).toContain('CHUNK_EXTENSION_LIMIT 400 maxChunkExtensions');
  });

  it('chunk extensions: each body has its own budget', () => {
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;aa\r\nx\r\n0\r\n\r\n';
    expect(readRequest(post + post, { maxChunkExtensions: 3 }).at(-1)).toBe('CLOSED');
  });

  it('interim responses', () => {
    const interim = 'HTTP/1.1 103 x\r\nA: 1\r\n\r\n';
    const final = 'HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n';
    const read = (times: number, limits: Partial<Http1Limits>): string =>
      readResponse(interim.repeat(times) + final, ['GET'], limits).at(-1) as string;
    expect(read(3, { maxInterim: 3 })).toBe('CLOSED');
    expect(read(4, { maxInterim: 3 })).toBe('ERROR INTERIM_LIMIT 0 maxInterim');
    expect(read(1, { maxInterim: 0 })).toBe('ERROR INTERIM_LIMIT 0 maxInterim');
    const cost = 2 * (1 + 1 + 32) + ('content-length'.length + 1 + 32);
    expect(read(2, { maxFieldBytes: cost })).toBe('CLOSED');
    expect(read(2, { maxFieldBytes: cost - 1 })).toBe('ERROR FIELD_LIMIT 0 maxFieldBytes');
    expect(
      readResponse((interim.repeat(2) + final).repeat(2), ['GET', 'GET'], { maxInterim: 2, maxFieldBytes: cost }).at(
        -1,
      ),
    ).toBe('CLOSED');
  });
});
