// node web-socket-clients.mjs <bare | rxweir | ws> <port> <bytes> <window> <ms>: messages there and back on one connection,
// so many in flight; prints { rate, bytes, cpu }: messages a second, and heap bytes allocated and µs of CPU for each.
import { randomBytes } from 'node:crypto';
import net from 'node:net';

const kind = process.argv[2];
const [port, size, window, ms] = process.argv.slice(3).map(Number);
const url = `ws://127.0.0.1:${port}/`;
const message = randomBytes(size);
let done = 0;
let allocated = 0;
let counted = 0;
let lastHeap = 0;
const step = size > 1000 ? 64 : 4096;

function finished(count) {
  const before = Math.floor(done / step);
  done += count;
  if (Math.floor(done / step) === before) return;
  const { heapUsed } = process.memoryUsage();
  if (heapUsed > lastHeap) {
    allocated += heapUsed - lastHeap;
    counted += step;
  }
  lastHeap = heapUsed;
}

const start = {
  async rxweir() {
    const { webSocket } = await import('rxweir');
    const socket = webSocket({ url, maxBufferedBytes: 2 * window * size + 65_536 });
    socket.subscribe(() => {
      finished(1);
      socket.next(message);
    });
    for (let i = 0; i < window; i++) socket.next(message);
  },
  async ws() {
    const { default: WebSocket } = await import('ws');
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on('open', () => {
      for (let i = 0; i < window; i++) socket.send(message);
    });
    socket.on('message', () => {
      finished(1);
      socket.send(message);
    });
  },
  /**
   * Sends frames that were masked before, and counts bytes. What it reads goes into one buffer: made for each read, they would be pages that
   * fault, or not, by luck, and whoever answers would be measured by that.
   */
  async bare() {
    let received = 0;
    const count = (length) => {
      received += length;
      const whole = Math.floor(received / answer);
      if (whole === 0) return;
      received -= whole * answer;
      finished(whole);
      socket.write(frames.subarray(0, whole * frame.length));
    };
    let read = () => {
      read = count; // that was the handshake
      socket.write(frames);
    };
    const callback = (length) => {
      read(length);
      return true;
    };
    const onread = { buffer: Buffer.alloc(65_536), callback };
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, onread });
    const long = size > 65_535;
    const header = Buffer.alloc(size < 126 ? 2 : long ? 10 : 4);
    header[0] = 0x82;
    header[1] = size < 126 ? size : long ? 127 : 126;
    if (long) header.writeBigUInt64BE(BigInt(size), 2);
    else if (size > 125) header.writeUInt16BE(size, 2);
    const answer = header.length + size;
    header[1] |= 0x80;
    const frame = Buffer.concat([header, randomBytes(4), message]);
    const frames = Buffer.concat(Array.from({ length: window }, () => frame));
    socket.write(
      'GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
  },
};

await start[kind]();
await new Promise((resolve) => setTimeout(resolve, 1000)); // warm up; no collection after it, see clients.mjs
done = counted = allocated = 0;
lastHeap = process.memoryUsage().heapUsed;
const from = process.hrtime.bigint();
const before = process.cpuUsage();
setTimeout(() => {
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  const { user, system } = process.cpuUsage(before);
  const bytes = counted === 0 ? undefined : allocated / counted;
  console.log(JSON.stringify({ rate: done / seconds, bytes, cpu: (user + system) / done }));
  process.exit(0);
}, ms);
