// node downloads.mjs <kind> <port>: one big response; prints { rate } in MB/s.
// What only one contender needs is loaded by it: a heap over 8 MiB changes how V8 treats buffers, see docs/decisions/0030.
import net from 'node:net';

const [kind, port] = [process.argv[2], Number(process.argv[3])];
const origin = `http://127.0.0.1:${port}`;
let bytes = 0;
let from = 0n; // once everything is loaded
const finish = () => {
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  console.log(JSON.stringify({ rate: bytes / 1e6 / seconds }));
  process.exit(0);
};

if (kind === 'rxweir') {
  const { request } = await import('rxweir');
  const { switchMap } = await import('rxjs');
  from = process.hrtime.bigint();
  request(`${origin}/`)
    .pipe(switchMap((response) => response.body))
    .subscribe({ next: (chunk) => (bytes += chunk.length), complete: finish });
} else if (kind === 'undici') {
  const { request } = await import('undici');
  from = process.hrtime.bigint();
  const { body } = await request(`${origin}/`);
  for await (const chunk of body) bytes += chunk.length;
  finish();
} else if (kind === 'node-http') {
  const { default: http } = await import('node:http');
  from = process.hrtime.bigint();
  http.get(`${origin}/`, (response) => {
    response.on('data', (chunk) => (bytes += chunk.length));
    response.on('end', finish);
  });
} else {
  from = process.hrtime.bigint();
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true }, () =>
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  );
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes >= 512 * 1024 * 1024) finish();
  });
}
