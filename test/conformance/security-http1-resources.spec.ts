/**
 * Attacks on what HTTP/1 readers keep and on the language they run in, by row of the attack catalogue (B: resources, K:
 * runtime): the part that the readers and writers of messages answer.
 */
import { describe, expect, it } from 'vitest';
import { isUsageError, type ProtocolError } from '../../operators/core/protocol-error.js';
import { Fields } from '../../operators/http/fields.js';
import { END, HEAD, NEED_DATA, RequestDecoder, ResponseDecoder } from '../../operators/http1/message-decoder.js';
import { BodyEncoder, encodeRequestHead, encodeResponseHead } from '../../operators/http1/message-encoder.js';
import { bytesOf } from '../operators/http1/support.js';

describe('B: resources', () => {
  const failure = (decoder: RequestDecoder | ResponseDecoder): ProtocolError | undefined => {
    try {
      while (decoder.read() !== NEED_DATA);
      return undefined;
    } catch (error) {
      return error as ProtocolError;
    }
  };

  it('B3 endless fields to a client', () => {
    const decoder = new ResponseDecoder();
    decoder.expect('GET', false);
    decoder.push(bytesOf('HTTP/1.1 200 OK\r\n'));
    const line = bytesOf(`x: ${'y'.repeat(1000)}\r\n`);
    let error: ProtocolError | undefined;
    let most = 0;
    for (let i = 0; i < 1000 && error === undefined; i++) {
      decoder.push(line);
      error = failure(decoder);
      most = Math.max(most, decoder.buffered);
    }
    expect(error).toMatchObject({ code: 'FIELD_LIMIT', wireCode: 0, limit: 'maxFieldBytes' });
    expect(most).toBeLessThanOrEqual(80 * 1024);
    const many = new ResponseDecoder();
    many.expect('GET', false);
    many.push(bytesOf(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(257)}`));
    expect(failure(many)).toMatchObject({ code: 'FIELD_LIMIT', limit: 'maxFields' });
  });

  it('B4 endless 1xx', () => {
    const decoder = new ResponseDecoder();
    decoder.expect('GET', false);
    decoder.push(bytesOf('HTTP/1.1 103 x\r\n\r\n'.repeat(16)));
    expect(failure(decoder)).toBeUndefined();
    decoder.push(bytesOf('HTTP/1.1 103 x\r\n\r\n'));
    expect(failure(decoder)).toMatchObject({ code: 'INTERIM_LIMIT' });
  });

  it('B5 tiny chunks with large extensions', () => {
    const decoder = new RequestDecoder();
    decoder.push(bytesOf('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'));
    const chunk = bytesOf(`1;${'a'.repeat(1023)}\r\nx\r\n`);
    for (let i = 0; i < 16; i++) {
      decoder.push(chunk);
      expect(failure(decoder)).toBeUndefined();
    }
    decoder.push(chunk);
    expect(failure(decoder)).toMatchObject({
      code: 'CHUNK_EXTENSION_LIMIT',
      wireCode: 400,
      limit: 'maxChunkExtensions',
    });
  });
});

describe('K: runtime', () => {
  it('K1 names from Object.prototype', () => {
    const names = [...Object.getOwnPropertyNames(Object.prototype), '__proto__', 'hasOwnProperty'];
    const tokens = names.filter((name) => !name.includes(' '));
    const lines = tokens.map((name, i) => `${name}: ${i}\r\n`).join('');
    const decoder = new RequestDecoder();
    decoder.push(bytesOf(`POST / HTTP/1.1\r\nHost: a\r\n${lines}Transfer-Encoding: chunked\r\n\r\n0\r\n${lines}\r\n`));
    expect([decoder.read(), decoder.read()]).toEqual([HEAD, END]);
    tokens.forEach((name, i) => {
      expect(decoder.head.fields.getAll(name)).toContain(String(i));
      expect(decoder.trailers?.getAll(name)).toContain(String(i));
    });
    expect(Object.keys({})).toEqual([]);
    expect(decoder.head.fields.get('nothing')).toBeUndefined();
  });

  it('K2 64 KiB of anything is read in one pass', () => {
    // Work is measured, not time: what a reader costs per byte may not grow with the length of what it reads.
    const inputs = [
      ' ',
      '\t',
      'a',
      ':',
      ',',
      ';',
      '"',
      '\\',
      'x: y\r\n',
      'close,',
      '100-continue,',
      '1;a=b\r\nx\r\n',
      '%41',
      '[::1]',
    ];
    for (const unit of inputs) {
      for (const place of [
        'GET ',
        'GET /',
        'GET / HTTP/1.1\r\n',
        'GET / HTTP/1.1\r\nHost: ',
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: ',
      ]) {
        const limits = { maxFieldBytes: 1_000_000, maxStartLine: 1_000_000, maxFields: 100_000 };
        const cost = (bytes: number): number => {
          const text = bytesOf(place + unit.repeat(bytes / unit.length));
          let least = Infinity;
          for (let run = 0; run < 5; run++) {
            const decoder = new RequestDecoder(limits);
            decoder.push(text);
            const start = process.hrtime.bigint();
            failureOf(decoder);
            least = Math.min(least, Number(process.hrtime.bigint() - start));
          }
          return least;
        };
        const small = cost(8192);
        expect(cost(65_536), `${place}${unit}`).toBeLessThan(small * 40 + 5_000_000); // quadratic would be 64 times
      }
    }
  });

  it('K4 nothing that splits a message can be written', () => {
    const fields = new Fields({ host: 'a' });
    for (const bad of ['\r', '\n', '\0', '\u010a', '\u010d']) {
      const sinks: Record<string, () => unknown> = {
        method: () => encodeRequestHead(`G${bad}T`, '/', fields, ''),
        target: () => encodeRequestHead('GET', `/${bad}`, fields, ''),
        name: () => new Fields([[`x${bad}y`, '1']]),
        value: () => new Fields([['x', `1${bad}2`]]),
        reason: () => encodeResponseHead(200, fields, '', '1.1', `O${bad}K`),
        trailer: () => new BodyEncoder(2, -1).finish(new Fields([['x', `1${bad}2`]])),
        extension: () => new BodyEncoder(2, -1).header(1, `a="${bad}"`),
      };
      for (const [name, write] of Object.entries(sinks)) expect(codeOf(write), name).toMatch(/^INVALID_/);
    }
    let calls = 0;
    const twoFaced = { toString: () => (calls++ === 0 ? 'fine' : 'not\r\nfine: 1') } as unknown as string;
    expect(new Fields([['x', twoFaced]]).toLines()).toBe('x: fine\r\n');
    for (const status of ['200 OK\r\nX: y', { toString: () => '200' }] as unknown as number[]) {
      expect(codeOf(() => encodeResponseHead(status, fields, ''))).toBe('INVALID_STATUS');
    }
    calls = 0;
    const target = { toString: () => (calls++ === 0 ? '/' : '/\r\nX: y'), charCodeAt: () => 0x2f, length: 1 };
    expect(codeOf(() => encodeRequestHead('GET', target as unknown as string, fields, ''))).toBe('INVALID_TARGET');
    const method = { toString: () => 'GET / HTTP/1.1\r\nX: y\r\n', charCodeAt: () => 0x41, length: 1 };
    expect(codeOf(() => encodeRequestHead(method as unknown as string, '/', fields, ''))).toBe('INVALID_METHOD');
    const version = '1.1\r\nX: y' as '1.1';
    expect(codeOf(() => encodeRequestHead('GET', '/', fields, '', version))).toBe('INVALID_VERSION');
    expect(codeOf(() => encodeResponseHead(200, fields, '', version))).toBe('INVALID_VERSION');
    const extension = { toString: () => 'a\r\n', charCodeAt: () => 0x61, length: 1 } as unknown as string;
    expect(codeOf(() => new BodyEncoder(2, -1).header(1, extension))).toBe('INVALID_CHUNK_EXTENSION');
  });
});

function failureOf(decoder: RequestDecoder): void {
  try {
    while (decoder.read() !== NEED_DATA);
  } catch {
    // any refusal is fine here
  }
}

function codeOf(write: () => unknown): string {
  try {
    write();
    return 'nothing was thrown';
  } catch (error) {
    return isUsageError(error) ? error.code : String(error);
  }
}
