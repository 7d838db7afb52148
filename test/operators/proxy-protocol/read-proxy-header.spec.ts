import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../operators/proxy-protocol/crc32c.js';
import { readProxyHeader } from '../../../operators/proxy-protocol/read-proxy-header.js';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

function tlv(type: number, value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.of(type, bytes.length >> 8, bytes.length & 0xff), bytes]);
}

function v2(command: number, family: number, addresses: Uint8Array, ...tlvs: Buffer[]): Buffer {
  const rest = Buffer.concat([addresses, ...tlvs]);
  const fixed = Buffer.of(command, family, rest.length >> 8, rest.length & 0xff);
  return Buffer.concat([SIGNATURE, fixed, rest]);
}

const FOUR = Buffer.from([192, 0, 2, 1, 198, 51, 100, 7, 0x1f, 0x90, 0, 80]);

/** Fills in the checksum, the last field. */
function summed(header: Buffer): Buffer {
  header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}

/** Whole, cut at each byte, and with bytes behind it: the same each time, and nothing before the last byte. */
function reads(header: Buffer): unknown {
  for (let at = 0; at < header.length; at++) expect(readProxyHeader(header.subarray(0, at))).toBeUndefined();
  const whole = readProxyHeader(header);
  expect(whole?.length).toBe(header.length);
  expect(readProxyHeader(Buffer.concat([header, Buffer.from('GET /')]))).toEqual(whole);
  return whole?.header;
}

function code(header: Uint8Array, maxBytes?: number): string | undefined {
  try {
    readProxyHeader(header, maxBytes);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

it('the checksum is that of iSCSI', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
});

describe('version 1', () => {
  it('is a line', () => {
    expect(reads(Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7 8080 80\r\n'))).toMatchObject({
      version: 1,
      command: 'proxy',
      source: { family: 'IPv4', address: '192.0.2.1', port: 8080 },
      destination: { family: 'IPv4', address: '198.51.100.7', port: 80 },
    });
    expect(reads(Buffer.from('PROXY TCP6 2001:db8::1 ::1 65535 0\r\n'))).toMatchObject({
      source: { family: 'IPv6', address: '2001:db8::1', port: 65535 },
    });
    expect(reads(Buffer.from('PROXY UNKNOWN\r\n'))).toMatchObject({ source: undefined });
    expect(reads(Buffer.from('PROXY UNKNOWN some thing else 1 2 3\r\n'))).toMatchObject({ destination: undefined });
  });

  it('of 107 bytes is the longest', () => {
    const longest = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`;
    expect(longest).toHaveLength(107);
    reads(Buffer.from(longest));
    expect(code(Buffer.from(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`))).toBe('BAD_PROXY_HEADER');
    expect(code(Buffer.from(`PROXY ${'x'.repeat(101)}`))).toBe('BAD_PROXY_HEADER');
  });

  it.each([
    'PROXY TCP4 192.0.2.1 198.51.100.7 8080\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.7 8080 80 x\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.7 8080 80\r\n',
    'PROXY TCP4 ::1 ::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1 ::1 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.7 08080 80\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.7 65536 80\r\n',
    'PROXY  TCP4 192.0.2.1 198.51.100.7 8080 80\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.7 8080 80\r\n',
    'proxy TCP4 192.0.2.1 198.51.100.7 8080 80\r\n',
    'GET / HTTP/1.1\r\n',
    'PROXX',
  ])('%j is none', (line) => {
    expect(code(Buffer.from(line))).toBe('BAD_PROXY_HEADER');
  });
});

describe('version 2', () => {
  it('has both ends, of each family', () => {
    expect(reads(v2(0x21, 0x11, FOUR))).toMatchObject({
      version: 2,
      command: 'proxy',
      source: { family: 'IPv4', address: '192.0.2.1', port: 8080 },
      destination: { family: 'IPv4', address: '198.51.100.7', port: 80 },
      tlvs: { all: [] },
    });
    const six = Buffer.from(`20010db8${'0'.repeat(23)}1${'0'.repeat(31)}101bb0050`, 'hex');
    expect(reads(v2(0x21, 0x21, six))).toMatchObject({
      source: { family: 'IPv6', address: '2001:db8::1', port: 443 },
      destination: { family: 'IPv6', address: '::1', port: 80 },
    });
    const paths = Buffer.alloc(216);
    paths.write('/run/client');
    expect(reads(v2(0x21, 0x31, paths))).toMatchObject({
      source: { family: 'unix', address: '/run/client', port: 0 },
      destination: { family: 'unix', address: '' },
    });
  });

  it('of a proxy that speaks for itself has none, whatever it says', () => {
    for (const [family, rest] of [
      [0x11, FOUR],
      [0x00, ''],
      [0xff, 'anything'],
      [0x11, 'short'],
      [0x00, '\x04\xff\xff'],
    ] as const) {
      const local = { version: 2, command: 'local', source: undefined, destination: undefined, tlvs: undefined };
      expect(reads(v2(0x20, family, Buffer.from(rest)))).toEqual(local);
    }
    expect(reads(v2(0x21, 0x00, Buffer.alloc(0)))).toMatchObject({ command: 'proxy', source: undefined });
  });

  it('has fields', () => {
    const ssl = Buffer.concat([Buffer.of(7, 0, 0, 0, 0), tlv(0x21, 'TLSv1.3'), tlv(0x22, 'alice'), tlv(0x23, 'AES')]);
    const fields = [tlv(1, 'h2'), tlv(2, 'example.com'), tlv(5, 'id-1'), tlv(0x20, ssl), tlv(0x30, 'blue'), tlv(4, '')];
    const header = summed(v2(0x21, 0x11, FOUR, ...fields, tlv(0xe0, 'own'), tlv(3, Buffer.alloc(4))));
    const read = reads(header) as { tlvs: { all: { type: number }[] } };
    expect(read).toMatchObject({
      tlvs: {
        alpn: 'h2',
        authority: 'example.com',
        uniqueId: Uint8Array.from(Buffer.from('id-1')),
        namespace: 'blue',
        ssl: { verified: true, version: 'TLSv1.3', commonName: 'alice', cipher: 'AES' },
      },
    });
    expect(read.tlvs.all.map(({ type }) => type)).toEqual([1, 2, 5, 0x20, 0x30, 4, 0xe0, 3]);
    expect(reads(v2(0x21, 0x11, FOUR, tlv(0x20, Buffer.of(0, 0, 0, 0, 0))))).toMatchObject({
      tlvs: { ssl: undefined },
    });
    const refused = tlv(0x20, Buffer.of(7, 0, 0, 0, 1));
    expect(reads(v2(0x21, 0x11, FOUR, refused))).toMatchObject({ tlvs: { ssl: { verified: false } } });
  });

  it('is refused with any bit of it changed under a checksum', () => {
    const header = summed(v2(0x21, 0x11, FOUR, tlv(2, 'a'), tlv(3, Buffer.alloc(4))));
    reads(header);
    for (let at = 16; at < header.length; at++) {
      const changed = Buffer.from(header);
      changed[at] = (changed[at] as number) ^ 1;
      if (at !== 32) expect(code(changed)).toBe('BAD_PROXY_HEADER'); // there, it is no checksum any more
    }
  });

  it.each<[string, Buffer]>([
    ['another version', v2(0x11, 0x11, FOUR)],
    ['another command', v2(0x22, 0x11, FOUR)],
    ['another family', v2(0x21, 0x41, FOUR)],
    ['another transport', v2(0x21, 0x13, FOUR)],
    ['too few address bytes', v2(0x21, 0x11, FOUR.subarray(1))],
    ['a field cut short', v2(0x21, 0x11, FOUR, Buffer.of(1, 0))],
    ['a field longer than the header', v2(0x21, 0x11, FOUR, Buffer.of(1, 0, 2, 0))],
    ['a long unique id', v2(0x21, 0x11, FOUR, tlv(5, 'x'.repeat(129)))],
    ['a short checksum', v2(0x21, 0x11, FOUR, tlv(3, 'abc'))],
    ['little of TLS', v2(0x21, 0x11, FOUR, tlv(0x20, 'abc'))],
    ['many fields', v2(0x21, 0x11, FOUR, ...Array.from({ length: 65 }, () => tlv(4, '')))],
  ])('with %s is none', (_, header) => {
    expect(code(header)).toBe('BAD_PROXY_HEADER');
  });

  it('has a bound, met before the rest has come', () => {
    const header = v2(0x21, 0x11, FOUR, tlv(4, 'x'.repeat(100)));
    expect(code(header, header.length)).toBeUndefined();
    expect(code(header.subarray(0, 16), header.length - 1)).toBe('PROXY_HEADER_LIMIT');
  });
});
