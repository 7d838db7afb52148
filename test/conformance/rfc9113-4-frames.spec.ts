import { describe, expect, it } from 'vitest';
import { hex, raw, text, transcribe } from '../operators/http2/frames.js';

const server = { role: 'server', preface: false } as const;

describe('RFC 9113 §3.4: the connection preface', () => {
  it.each([
    ['a server: another frame first', 'server', raw(0x6, 0, 0, new Uint8Array(8))],
    ['a server: an acknowledgement first', 'server', raw(0x4, 1, 0)],
    ['a client: another frame first', 'client', raw(0x6, 0, 0, new Uint8Array(8))],
    ['a client: text', 'client', text('HTTP/1.1 400 Bad Request\r\n')],
  ] as const)('%s is a connection PROTOCOL_ERROR', (_name, role, bytes) => {
    const magic = role === 'server' ? [text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')] : [];
    expect(transcribe([...magic, bytes], { role }, false)).toEqual(['connection PROTOCOL_ERROR 1']);
  });

  it('SETTINGS may be empty', () => {
    expect(transcribe([raw(0x4, 0, 0)], { role: 'client' })).toEqual(['SETTINGS 0 0x0 entries=[]']);
  });
});

describe('RFC 9113 §4.1: frame format', () => {
  it('ignores the reserved bit', () => {
    expect(transcribe([hex('000000 00 00 80000001')], server)).toEqual(['DATA 1 0x0 data= padLength=0']);
  });

  it('ignores flags that have no meaning for a type', () => {
    expect(transcribe([raw(0x6, 0xfe, 0, text('12345678'))], server)).toEqual(['PING 0 0xfe opaque=3132333435363738']);
    expect(transcribe([raw(0x3, 0xff, 1, hex('00000008'))], server)).toEqual(['RST_STREAM 1 0xff errorCode=8']);
  });

  it('passes on frames of unknown type, on any stream (§5.5)', () => {
    expect(transcribe([raw(0xbb, 0xff, 5, text('x'))], server)).toEqual(['UNKNOWN 5 0xff frameType=187 payload=78']);
  });
});

describe('RFC 9113 §4.2: frame size', () => {
  it.each([0x0, 0x1, 0x4, 0x9, 0x77])('type %i over the limit is a connection FRAME_SIZE_ERROR', (type) => {
    expect(transcribe([raw(type, 0, 1, new Uint8Array(16_385))], server)).toEqual(['connection FRAME_SIZE_ERROR 6']);
  });

  it.each([
    ['DATA without its pad length', raw(0x0, 0x8, 1)],
    ['HEADERS without its pad length', raw(0x1, 0x8, 1)],
    ['HEADERS with part of a priority', raw(0x1, 0x20, 1, new Uint8Array(4))],
    ['HEADERS with a pad length and part of a priority', raw(0x1, 0x28, 1, new Uint8Array(5))],
  ])('%s is a connection FRAME_SIZE_ERROR', (_name, bytes) => {
    expect(transcribe([bytes], server)).toEqual(['connection FRAME_SIZE_ERROR 6']);
  });
});
