// The floods of a client, by row of the attack catalogue (B: HTTP/1 and resources, C: HTTP/2): servers that mean harm to who asks them.
import net from 'node:net';
import {
  ALTSVC,
  END_HEADERS,
  frame,
  GOAWAY,
  ORIGIN,
  PING,
  PUSH_PROMISE,
  RST_STREAM,
  same,
  setting,
  SETTINGS,
  uint32,
} from './frames.mjs';
import { talk } from './talk.mjs';

/**
 * What a server answers to the first bytes of each connection, then says again and again.
 * @typedef {object} HostileServer
 * @property {string} name row and what it does
 * @property {'1.1' | '2'} version
 * @property {string} code what a request fails with
 * @property {number} [attempts] connections that one request may cost it; default 1
 * @property {string | Buffer} first
 * @property {(turn: number) => Buffer | string | undefined} [again] as fast as the socket takes it
 */

/** @param {...number[]} entries */
const settings = (...entries) => frame(SETTINGS, 0, 0, entries.flat());
/** A promise of `GET / ` of another host, on stream 1. */
const promise = frame(PUSH_PROMISE, END_HEADERS, 1, [0, 0, 0, 2, 0x82, 0x86, 0x84, 0x01, 1, 0x62]);
const goaway = frame(GOAWAY, 0, 0, [...uint32(0), ...uint32(0)]);

// prettier-ignore
/** @type {readonly HostileServer[]} */
export const hostileServers = [
  { name: 'B3 fields without end', version: '1.1', code: 'FIELD_LIMIT', first: 'HTTP/1.1 200 OK\r\n', again: same(100, Buffer.from('x: y\r\n')) },
  { name: 'B4 interim responses without end', version: '1.1', code: 'INTERIM_LIMIT', first: '', again: same(100, Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n')) },
  { name: 'C18 frames of no size', version: '2', code: 'PROTOCOL_ERROR', first: settings(setting(5, 0)), again: same(100, settings(setting(5, 0))) },
  { name: 'C18 windows beyond their size', version: '2', code: 'FLOW_CONTROL_ERROR', first: settings(setting(4, 2 ** 31)), again: same(100, settings(setting(4, 2 ** 31))) },
  { name: 'C18 SETTINGS without end', version: '2', code: 'ENHANCE_YOUR_CALM', first: settings(), again: same(100, settings(setting(1, 0), setting(4, 0))) },
  { name: 'C22 ORIGIN without end', version: '2', code: 'ENHANCE_YOUR_CALM', first: settings(), again: same(1000, frame(ORIGIN, 0, 0, [0, 9, ...Buffer.from('http://x/')])) },
  { name: 'C22 ALTSVC without end', version: '2', code: 'ENHANCE_YOUR_CALM', first: settings(), again: same(1000, frame(ALTSVC, 0, 0, [0, 1, 0x78, ...Buffer.from('h2=":1"')])) },
  { name: 'C22 unknown frames without end', version: '2', code: 'ENHANCE_YOUR_CALM', first: settings(), again: same(1000, frame(0xee, 0, 0, [1])) },
  { name: 'C23 pushes nobody wants', version: '2', code: 'PROTOCOL_ERROR', first: Buffer.concat([settings(), promise]), again: same(100, promise) },
  { name: 'C26 GOAWAY to everything', version: '2', code: 'STREAM_UNPROCESSED', attempts: 2, first: Buffer.concat([settings(), goaway]) },
  { name: 'C26 REFUSED_STREAM to everything', version: '2', code: 'STREAM_UNPROCESSED', attempts: 2, first: Buffer.concat([settings(), frame(RST_STREAM, 0, 1, uint32(7)), goaway]), again: same(1000, frame(PING, 0, 0, Buffer.alloc(8))) },
];

/** Listens on loopback. @param {HostileServer} hostile @returns {Promise<{ port: number; asked: () => number; stop: () => void }>} */
export function startHostile(hostile) {
  let asked = 0;
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => {
      asked++;
      socket.resume();
      if (hostile.first !== '') socket.write(hostile.first);
      talk(socket, hostile);
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      resolve({
        port,
        asked: () => asked,
        stop() {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}
