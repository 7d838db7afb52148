// node http2-clients.mjs <kind> <port> <ms>: 64 lanes of GETs on one connection; prints { rate, bytes }.
// What only one contender needs is loaded by it: a heap over 8 MiB changes how V8 treats buffers, see docs/decisions/0030.

const LANES = 64;
const [kind, port, ms] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const origin = `http://127.0.0.1:${port}`;
const path = '/hello';
let done = 0;
let counted = 0;
let allocated = 0;
let lastHeap = 0;

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
    const request = createClient().request({ url: `${origin}${path}`, version: '2' });
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
    const one = createClient()
      .request({ url: `${origin}${path}`, version: '2' })
      .pipe(switchMap((response) => response.body));
    range(0, LANES)
      .pipe(mergeMap(() => one.pipe(repeat())))
      .subscribe(finished);
  },
  async 'node-http2'() {
    const { connect } = await import('node:http2');
    const session = connect(origin);
    const lane = () => {
      const stream = session.request({ ':path': path });
      stream.on('data', () => undefined);
      stream.on('end', () => {
        finished();
        lane();
      });
      stream.end();
    };
    for (let i = 0; i < LANES; i++) lane();
  },
  async undici() {
    const { Client } = await import('undici');
    const client = new Client(origin, { allowH2: true, useH2c: true, pipelining: LANES, maxConcurrentStreams: 100 });
    const lane = async () => {
      for (;;) {
        const { body } = await client.request({ path, method: 'GET' });
        for await (const chunk of body) void chunk;
        finished();
      }
    };
    for (let i = 0; i < LANES; i++) void lane();
  },
};

await start[kind]();
await new Promise((resolve) => setTimeout(resolve, 1000)); // warm up; no collection after it, see clients.mjs
done = counted = allocated = 0;
lastHeap = process.memoryUsage().heapUsed;
const from = process.hrtime.bigint();
setTimeout(() => {
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  console.log(JSON.stringify({ rate: done / seconds, bytes: counted === 0 ? undefined : allocated / counted }));
  process.exit(0);
}, ms);
