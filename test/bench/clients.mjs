// node clients.mjs <kind> <port> <ms>: 64 lanes of keep-alive GETs; prints { rate, bytes, cpu } (requests a second;
// heap allocated and microseconds of processor time, each).
// What only one contender needs is loaded by it: a heap over 8 MiB changes how V8 treats buffers, see docs/decisions/0030.
import net from 'node:net';

const LANES = 64;
const [kind, port, ms] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const origin = `http://127.0.0.1:${port}`;
let done = 0;
let counted = 0;
let allocated = 0;
let lastHeap = 0;

/** The heap only shrinks in a collection, so what it grew between looks was allocated. */
function finished() {
  done++;
  if (done % 1024 !== 0) return;
  const { heapUsed } = process.memoryUsage();
  if (heapUsed > lastHeap) {
    allocated += heapUsed - lastHeap;
    counted += 1024;
  }
  lastHeap = heapUsed;
}

const start = {
  async rxweir() {
    const { createClient } = await import('rxweir');
    const request = createClient().request(`${origin}/`);
    const lane = () => {
      request.subscribe((response) =>
        response.body.subscribe({
          complete: () => {
            finished();
            lane();
          },
        }),
      );
    };
    for (let i = 0; i < LANES; i++) lane();
  },
  async 'rxweir-composed'() {
    const { createClient } = await import('rxweir');
    const { mergeMap, range, repeat, switchMap } = await import('rxjs');
    const client = createClient();
    const one = client.request(`${origin}/`).pipe(switchMap((response) => response.body));
    range(0, LANES)
      .pipe(mergeMap(() => one.pipe(repeat())))
      .subscribe(finished);
  },
  async 'undici-request'() {
    const { Pool } = await import('undici');
    const pool = new Pool(origin, { connections: LANES, pipelining: 1 });
    const lane = async () => {
      for (;;) {
        const { body } = await pool.request({ path: '/', method: 'GET' });
        for await (const chunk of body) void chunk;
        finished();
      }
    };
    for (let i = 0; i < LANES; i++) void lane();
  },
  async 'undici-dispatch'() {
    const { Pool } = await import('undici');
    const pool = new Pool(origin, { connections: LANES, pipelining: 1 });
    const handler = {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData() {},
      onResponseEnd() {
        finished();
        next();
      },
      onResponseError(controller, error) {
        throw error;
      },
    };
    const next = () => pool.dispatch({ path: '/', method: 'GET' }, handler);
    for (let i = 0; i < LANES; i++) next();
  },
  async 'node-http'() {
    const { default: http } = await import('node:http');
    const agent = new http.Agent({ keepAlive: true, maxSockets: LANES });
    const get = () =>
      new Promise((resolve, reject) => {
        http.get({ host: '127.0.0.1', port, agent, path: '/' }, resolve).on('error', reject);
      });
    const lane = async () => {
      for (;;) {
        for await (const chunk of await get()) void chunk;
        finished();
      }
    };
    for (let i = 0; i < LANES; i++) void lane();
  },
  async net() {
    const request = Buffer.from(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
    for (let i = 0; i < LANES; i++) {
      const socket = net.connect({ host: '127.0.0.1', port, noDelay: true }, () => socket.write(request));
      socket.on('data', () => {
        finished();
        socket.write(request);
      });
    }
  },
  /** As little as a client of Node can do: it reads into one buffer, looks at nothing, and writes for all sockets together. */
  async floor() {
    const request = Buffer.from(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
    const buffer = Buffer.alloc(65_536);
    const due = [];
    const writeAll = () => {
      for (const socket of due) socket.write(request);
      due.length = 0;
    };
    for (let i = 0; i < LANES; i++) {
      const callback = () => {
        finished();
        if (due.push(socket) === 1) setImmediate(writeAll);
        return true;
      };
      const onread = { buffer, callback };
      const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, onread }, () => socket.write(request));
    }
  },
};

await start[kind]();
// No full collection between warming up and measuring: it throws compiled code away, and what is measured is warming up again.
await new Promise((resolve) => setTimeout(resolve, 1000));
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
