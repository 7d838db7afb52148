// node idle.mjs <count> [tls]: that many idle keep-alive connections; prints resident bytes each for our server and Node's.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';

const count = Number(process.argv[2] ?? 10_000);
const secure = process.argv[3] === 'tls';
/** Handshakes at a time: each costs the server two milliseconds, and it gives up after a while. */
const AT_ONCE = secure ? 200 : 1000;
const script = fileURLToPath(new URL('idle-server.mjs', import.meta.url));

const rss = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(kind) {
  const child = spawn(process.execPath, ['--expose-gc', script, kind, secure ? 'tls' : 'plain'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = [];
  child.stdout.setEncoding('utf8').on('data', (text) => lines.push(...text.split('\n').filter(Boolean)));
  const line = async () => {
    while (lines.length === 0) await sleep(10);
    return lines.shift();
  };
  const port = Number(await line());
  const open = (n) => {
    let left = n;
    const sockets = [];
    return new Promise((resolve, reject) => {
      for (let i = 0; i < n; i++) {
        // 127.0.0.x: a few local addresses, so that ports do not run out
        const tcp = net.connect({ host: '127.0.0.1', port, localAddress: `127.0.0.${2 + (i % 4)}` });
        const socket = secure ? tls.connect({ socket: tcp, rejectUnauthorized: false, servername: 'localhost' }) : tcp;
        sockets.push(socket);
        socket.on('error', reject);
        socket.on(secure ? 'secureConnect' : 'connect', () => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'));
        socket.once('data', () => {
          if (--left === 0) resolve(sockets);
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
  (await open(AT_ONCE)).forEach((socket) => socket.destroy()); // warm up
  await sleep(500);
  const before = await collect();
  const sockets = [];
  for (let i = 0; i < count; i += AT_ONCE) sockets.push(...(await open(Math.min(AT_ONCE, count - i))));
  const after = await collect();
  child.kill();
  for (const socket of sockets) socket.destroy();
  return (after - before) / count;
}

const bytes = await measure('rxweir');
const node = await measure('node-http');
console.log(JSON.stringify({ connections: count, bytes, node }));
process.exit(0);
