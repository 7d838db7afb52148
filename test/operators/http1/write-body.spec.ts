import { describe, expect, it } from 'vitest';
import { Fields } from '../../../operators/http/fields.js';
import {
  FRAMING_CHUNKED,
  FRAMING_CLOSE,
  FRAMING_LENGTH,
  FRAMING_NONE,
  FRAMING_TUNNEL,
} from '../../../operators/http1/message-decoder.js';
import { BodyEncoder } from '../../../operators/http1/message-encoder.js';

const code = (name: string): unknown => expect.objectContaining({ code: name });

describe('BodyEncoder', () => {
  it('chunks: a size line before each, the CRLF of the last one in front of it', () => {
    const body = new BodyEncoder(FRAMING_CHUNKED, -1);
    expect(body.header(255)).toBe('ff\r\n');
    expect(body.header(16, 'a=b;c="d e"')).toBe('\r\n10;a=b;c="d e"\r\n');
    expect(body.header(0)).toBe('');
    expect(body.finish()).toBe('\r\n0\r\n\r\n');
    expect(new BodyEncoder(FRAMING_CHUNKED, -1).finish()).toBe('0\r\n\r\n');
  });

  it('trailers', () => {
    const body = new BodyEncoder(FRAMING_CHUNKED, -1);
    expect(body.finish(new Fields({ etag: '"x"', b: '2' }))).toBe('0\r\netag: "x"\r\nb: 2\r\n\r\n');
    for (const name of ['content-length', 'Host', 'trailer', ':status']) {
      expect(() => new BodyEncoder(FRAMING_CHUNKED, -1).finish(new Fields([[name, '1']]))).toThrow(
        code('FORBIDDEN_TRAILER'),
      );
    }
    expect(() => new BodyEncoder(FRAMING_LENGTH, 0).finish(new Fields({ a: '1' }))).toThrow(
      code('TRAILERS_NEED_CHUNKED'),
    );
    expect(new BodyEncoder(FRAMING_LENGTH, 0).finish(new Fields())).toBe('');
    expect(new BodyEncoder(FRAMING_CLOSE, -1).finish(new Fields({ a: '1' }))).toBe('');
  });

  it.each(['a=', ';a', 'a\r\n', 'a="\r\n"', 'a=é\u0100', 'a b'])('refuses the extension %j', (extension) => {
    for (const framing of [FRAMING_CHUNKED, FRAMING_LENGTH]) {
      expect(() => new BodyEncoder(framing, 5).header(1, extension)).toThrow(code('INVALID_CHUNK_EXTENSION'));
    }
  });

  it('counts a known length', () => {
    const body = new BodyEncoder(FRAMING_LENGTH, 5);
    expect(body.header(3)).toBe('');
    body.sent(3);
    expect(() => body.finish()).toThrow(code('CONTENT_LENGTH_SHORT'));
    expect(() => body.sent(3)).toThrow(code('CONTENT_LENGTH_EXCEEDED'));
    body.sent(2);
    expect(body.finish()).toBe('');
    body.sent(0);
    expect(() => body.sent(1)).toThrow(code('CONTENT_LENGTH_EXCEEDED'));
  });

  it('without a body nothing may be sent', () => {
    const body = new BodyEncoder(FRAMING_NONE, -1);
    body.sent(0);
    expect(() => body.sent(1)).toThrow(code('BODY_NOT_ALLOWED'));
    expect(body.finish()).toBe('');
  });

  it.each([FRAMING_CLOSE, FRAMING_TUNNEL])('framing %d: bytes as they are', (framing) => {
    const body = new BodyEncoder(framing, -1);
    body.sent(1e9);
    expect([body.header(5), body.finish()]).toEqual(['', '']);
  });
});
