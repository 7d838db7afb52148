// node http2-downloads.mjs <kind> <port> <path> <streams> <rounds>: that many at once on one connection; prints { rate } in MB/s.
// What only one contender needs is loaded by it: a heap over 8 MiB changes how V8 treats buffers, see docs/decisions/0030.

const [kind, port, path] = process.argv.slice(2);
const [streams, rounds] = process.argv.slice(5).map(Number);
const origin = `http://127.0.0.1:${port}`;

const client = {
  async rxweir() {
    const { createClient } = await import('rxweir');
    const { forkJoin, mergeMap, reduce } = await import('rxjs');
    const one = createClient()
      .request({ url: `${origin}${path}`, version: '2' })
      .pipe(
        mergeMap(({ body }) => body),
        reduce((bytes, chunk) => bytes + chunk.length, 0),
      );
    return () =>
      new Promise((resolve, reject) => {
        const sum = (all) => resolve(all.reduce((a, b) => a + b, 0));
        forkJoin(Array.from({ length: streams }, () => one)).subscribe({ next: sum, error: reject });
      });
  },
  async 'node-http2'() {
    const { connect } = await import('node:http2');
    const session = connect(origin);
    const one = () =>
      new Promise((resolve, reject) => {
        let bytes = 0;
        const stream = session.request({ ':path': path });
        stream.on('data', (chunk) => (bytes += chunk.length));
        stream.on('end', () => resolve(bytes));
        stream.on('error', reject);
        stream.end();
      });
    return async () => (await Promise.all(Array.from({ length: streams }, one))).reduce((a, b) => a + b, 0);
  },
};

const round = await client[kind]();
if (rounds > 1) await round(); // warm up
const from = process.hrtime.bigint();
let bytes = 0;
for (let i = 0; i < rounds; i++) bytes += await round();
const seconds = Number(process.hrtime.bigint() - from) / 1e9;
console.log(JSON.stringify({ rate: bytes / 1e6 / seconds }));
process.exit(0);
