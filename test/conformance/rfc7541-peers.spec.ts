/** Our blocks through decoders of others, and theirs through ours: nghttp2 inside node:http2, and Debian's python3-hpack. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  createServer,
  sensitiveHeaders,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../operators/hpack/decoder.js';
import { HpackEncoder } from '../../operators/hpack/encoder.js';
import { Fields } from '../../operators/http/fields.js';
import { hex, hexOf, lines, noStories, stories } from '../operators/hpack/support.js';
import { findProgram, needPackage } from '../support/peers.js';

const [HEADERS, RST_STREAM, SETTINGS, GOAWAY] = [0x1, 0x3, 0x4, 0x7];
const [ACK, END_STREAM, END_HEADERS, PADDED, PRIORITY] = [0x1, 0x1, 0x4, 0x8, 0x20];
const HEADER_TABLE_SIZE = 0x1;

interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

type Sensitive = { readonly [sensitiveHeaders]?: readonly string[] };

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function tableSizeSetting(size: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(HEADER_TABLE_SIZE, 0);
  payload.writeUInt32BE(size, 2);
  return payload;
}

async function* framesFrom(socket: Socket): AsyncGenerator<RawFrame> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const end = 9 + bytes.readUIntBE(0, 3);
      yield {
        type: bytes.readUInt8(3),
        flags: bytes.readUInt8(4),
        stream: bytes.readUInt32BE(5),
        payload: bytes.subarray(9, end),
      };
      bytes = bytes.subarray(end);
    }
  }
}

let server: Http2Server;
let socket: Socket;
afterEach(() => {
  socket.destroy();
  server.close();
});

/** Sends the lists one after the other, each behind the answer to the one before. What the server saw, and what it said. */
async function exchange(
  lists: readonly (readonly string[] | Fields)[],
  answer: (stream: ServerHttp2Stream, count: number) => void,
  { theirs = 4096, ours = 4096 } = {},
): Promise<{
  seen: string[][];
  secret: string[][];
  answers: string[][];
  encoder: HpackEncoder;
  decoder: HpackDecoder;
}> {
  const [encoder, decoder] = [new HpackEncoder(), new HpackDecoder()];
  const [seen, secret, answers]: [string[][], string[][], string[][]] = [[], [], []];
  server = createServer({ settings: { headerTableSize: theirs }, maxSessionMemory: 100 });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _: number, raw: string[]) => {
    seen.push(raw);
    secret.push([...((headers as Sensitive)[sensitiveHeaders] ?? [])]);
    answer(stream, seen.length - 1);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(frame(SETTINGS, 0, 0, tableSizeSetting(ours)));
  const send = (i: number): void => {
    const block = encoder.encode(lists[i] as Fields);
    socket.write(frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, block));
  };
  for await (const { type, flags, payload } of framesFrom(socket)) {
    if (type === GOAWAY) throw new Error(`GOAWAY ${payload.readUInt32BE(4)} ${payload.subarray(8).toString()}`);
    if (type === RST_STREAM) throw new Error(`RST_STREAM ${payload.readUInt32BE(0)}: ${seen.length} seen`);
    if (type === SETTINGS && (flags & ACK) !== 0) decoder.setMaxTableSize(ours);
    else if (type === SETTINGS) {
      encoder.setMaxTableSize(theirs);
      socket.write(frame(SETTINGS, ACK, 0, new Uint8Array(0)));
      send(0);
    } else if (type === HEADERS) {
      expect(flags & (END_HEADERS | PADDED | PRIORITY)).toBe(END_HEADERS);
      answers.push(decoder.decodeList(payload));
      if (answers.length === lists.length) break;
      send(answers.length);
    }
  }
  return { seen, secret, answers, encoder, decoder };
}

const REQUEST = [':method', 'GET', ':scheme', 'http', ':authority', 'localhost', ':path', '/a?b=c'];
const bare = (stream: ServerHttp2Stream): void => stream.respond({ ':status': 200 }, { endStream: true });

describe('node:http2', () => {
  it.each([
    ['the usual tables', 4096, 4096],
    ['no table of theirs', 0, 4096],
    ['a small table of theirs', 200, 4096],
    ['no table of ours', 4096, 0],
    ['a large table of ours and of theirs', 65_536, 65_536],
  ])('reads what we write, and we read what it writes: %s', async (_, theirs, ours) => {
    const lists = Array.from({ length: 60 }, (_unused, i) => [
      ...REQUEST,
      'user-agent',
      `agent ${i % 5}`,
      'x-binary',
      'é\xff\xa0{}'.repeat(i % 9),
      'cookie',
      `a=${i}`,
      'x-last',
      '~',
    ]);
    const { seen, answers, encoder, decoder } = await exchange(
      lists,
      (stream, i) => {
        const headers = { ':status': 200, 'x-count': `${i % 7}`, 'x-text': 'Text, {}~'.repeat(i % 11), server: 'node' };
        stream.respond(headers, { endStream: true });
      },
      { theirs, ours },
    );
    expect(seen).toEqual(lists);
    expect(answers).toHaveLength(60);
    for (const [i, list] of answers.entries()) {
      const expected = [':status: 200', `x-count: ${i % 7}`, `x-text: ${'Text, {}~'.repeat(i % 11)}`, 'server: node'];
      expect(lines(list).filter((line) => !line.startsWith('date: '))).toEqual(expected);
    }
    expect(encoder.tableSize).toBeLessThanOrEqual(theirs);
    expect(decoder.tableSize).toBeLessThanOrEqual(ours);
    expect([encoder.tableSize > 0, decoder.tableSize > 0]).toEqual([theirs > 0, ours > 0]);
  });

  it('sees which fields are never indexed, and only those', async () => {
    const fields = new Fields();
    for (let i = 0; i < REQUEST.length; i += 2) fields.append(REQUEST[i] as string, REQUEST[i + 1] as string);
    fields.append('authorization', 'x').append('x-plain', 'y').append('x-secret', 'z', { neverIndex: true });
    const { secret } = await exchange([fields, fields], bare);
    expect(secret).toEqual([
      ['authorization', 'x-secret'],
      ['authorization', 'x-secret'],
    ]);
  });

  it('tells us which of its fields are', async () => {
    const { decoder, answers } = await exchange([REQUEST], (stream) => {
      const headers = { ':status': 200, 'x-secret': 'z', 'x-plain': 'y', [sensitiveHeaders]: ['x-secret'] };
      stream.respond(headers, { endStream: true });
    });
    const names = decoder.neverIndexed?.map((pair) => answers[0]?.[2 * pair]);
    expect(names).toEqual(['x-secret']);
  });

  it('reads the stories of requests as we write them', async (ctx) => {
    if (noStories !== undefined) ctx.skip(noStories);
    // What an HTTP/2 server refuses, and a length where no body is sent.
    const refused = new Set(['connection', 'keep-alive', 'content-length']);
    const lists: string[][] = [];
    for (const name of ['story_00.json', 'story_04.json', 'story_20.json']) {
      for (const { list } of stories('raw-data').get(name) ?? []) {
        lists.push(list.filter((_, i) => !refused.has(list[i & ~1] as string)));
      }
    }
    expect(lists.length).toBeGreaterThan(30);
    const { seen } = await exchange(lists, bare);
    expect(seen).toEqual(lists);
  });
});

const PYTHON = `
import json, sys
from hpack import Decoder, Encoder
for line in sys.stdin:
    job = json.loads(line)
    decoder, encoder, said = Decoder(max_header_list_size=1 << 24), Encoder(), []
    for block in job:
        size = block.get("size")
        if size is not None:
            decoder.max_allowed_table_size = size
            encoder.header_table_size = size
        fields = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in decoder.decode(bytes.fromhex(block["wire"]), raw=True)]
        wire = encoder.encode([(n.encode("latin-1"), v.encode("latin-1")) for n, v in fields], huffman=block["huffman"])
        said.append({"list": [t for f in fields for t in f], "wire": wire.hex()})
    print(json.dumps(said))
`;

/** A Python that has Debian's python3-hpack, which is installed when we may; or why there is none. */
async function pythonWithHpack(): Promise<{ python?: string; missing: string }> {
  const pythons = ['/usr/bin/python3', findProgram('python3') ?? ''].filter((path) => existsSync(path));
  const withHpack = (): string | undefined =>
    pythons.find((python) => spawnSync(python, ['-c', 'import hpack']).status === 0);
  let python = withHpack();
  if (python !== undefined) return { python, missing: '' };
  if (pythons.length === 0) return { missing: 'python3 is not installed' };
  // It is a module and brings no program, so one of that name is never there, and the package gets installed.
  const failure = await needPackage('python3-hpack');
  python = withHpack();
  return { ...(python !== undefined && { python }), missing: failure ?? 'no python3-hpack' };
}

describe('python3-hpack', () => {
  it('reads what we write, and we read what it writes', { timeout: 150_000 }, async (ctx) => {
    const { python, missing } = await pythonWithHpack();
    if (python === undefined) return ctx.skip(missing);
    const lists =
      noStories === undefined
        ? [...stories('raw-data').values()].map((story) => story.slice(0, 40).map(({ list }) => list))
        : [[REQUEST, [...REQUEST, 'x-a', '1'], [...REQUEST, 'x-a', '1', 'x-b', '2']]];
    const jobs = lists.map((story) => {
      const encoder = new HpackEncoder();
      return story.map((list, i) => {
        const size = i % 6 === 5 ? [0, 300, 4096][((i / 6) % 3) | 0] : undefined;
        if (size !== undefined) encoder.setMaxTableSize(size);
        return { wire: hexOf(encoder.encode(list)), size, huffman: i % 2 === 0 };
      });
    });
    const input = jobs.map((job) => `${JSON.stringify(job)}\n`).join('');
    const said = execFileSync(python, ['-c', PYTHON], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
    const results = said.trim().split('\n').map((line) => JSON.parse(line) as { list: string[]; wire: string }[]); // prettier-ignore
    expect(results.map((story) => story.map(({ list }) => list))).toEqual(lists);
    for (const [i, story] of results.entries()) {
      const decoder = new HpackDecoder({ maxFieldBytes: 1 << 20, maxFields: 1000 });
      for (const [j, { list, wire }] of story.entries()) {
        const size = jobs[i]?.[j]?.size;
        if (size !== undefined) decoder.setMaxTableSize(size);
        expect(decoder.decodeList(hex(wire))).toEqual(list);
      }
    }
  });
});
