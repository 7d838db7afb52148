// node http2-servers.mjs <kind>: prints its port; on SIGTERM, { bytes }: heap allocated for each request.

const [kind] = process.argv.slice(2);
const text = 'Hello, world!';
let counted = 0;
let allocated = 0;
let requests = 0;
let lastHeap = process.memoryUsage().heapUsed;

function counting() {
  if (++requests % 4096 !== 0) return;
  const { heapUsed } = process.memoryUsage();
  if (heapUsed > lastHeap) {
    allocated += heapUsed - lastHeap;
    counted += 4096;
  }
  lastHeap = heapUsed;
}

process.on('SIGTERM', () => {
  console.log(JSON.stringify({ bytes: counted === 0 ? undefined : allocated / counted }));
  process.exit(0);
});

if (kind === 'node-http2') {
  const { createServer } = await import('node:http2');
  const server = createServer();
  server.on('stream', (stream) => {
    counting();
    stream.respond({ ':status': 200, 'content-type': 'text/plain' });
    stream.end(text);
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
} else {
  const { serve } = await import('rxweir');
  const fields = { 'content-type': 'text/plain' };
  serve({ host: '127.0.0.1', port: 0 }, () => {
    counting();
    return { fields, body: text };
  }).subscribe((server) => console.log(server.address.port));
}
