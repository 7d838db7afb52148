// node web-socket-idle.mjs <count>: that many idle WebSockets; prints resident bytes each for our server and that of ws.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

const count = Number(process.argv[2] ?? 10_000);
const script = fileURLToPath(new URL('web-socket-servers.mjs', import.meta.url));
const HANDSHAKE =
  'GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const PING = Buffer.from('818100000000' + '78', 'hex');

const rss = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(kind) {
  const child = spawn(process.execPath, ['--expose-gc', script, kind], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = [];
  child.stdout.setEncoding('utf8').on('data', (text) => lines.push(...text.split('\n').filter(Boolean)));
  const line = async () => {
    while (lines.length === 0) await sleep(10);
    return lines.shift();
  };
  const port = Number(await line());
  /** Each has sent a message and got it back. */
  const open = (n) => {
    let left = n;
    const sockets = [];
    return new Promise((resolve, reject) => {
      for (let i = 0; i < n; i++) {
        // 127.0.0.x: a few local addresses, so that ports do not run out
        const socket = net.connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${2 + (i % 4)}` });
        sockets.push(socket);
        socket.on('error', reject);
        socket.on('connect', () => socket.write(HANDSHAKE));
        socket.once('data', () => {
          socket.write(PING);
          socket.once('data', () => {
            if (--left === 0) resolve(sockets);
          });
        });
      }
    });
  };
  const collect = async () => {
    child.stdin.write('gc\n');
    await line();
    await sleep(300);
    return rss(child.pid);
  };
  (await open(500)).forEach((socket) => socket.destroy()); // warm up
  await sleep(500);
  const before = await collect();
  const sockets = [];
  for (let i = 0; i < count; i += 1000) sockets.push(...(await open(Math.min(1000, count - i))));
  const after = await collect();
  child.kill();
  for (const socket of sockets) socket.destroy();
  return (after - before) / count;
}

const bytes = await measure('rxweir');
const ws = await measure('ws');
console.log(JSON.stringify({ connections: count, bytes, ws }));
process.exit(0);
