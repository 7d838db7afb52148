// node downloads.mjs <kind> <port>: one big response; prints { rate } in MB/s.
import http from 'node:http';
import net from 'node:net';

const [kind, port] = [process.argv[2], Number(process.argv[3])];
const origin = `http://127.0.0.1:${port}`;
let bytes = 0;
const from = process.hrtime.bigint();
const finish = () => {
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  console.log(JSON.stringify({ rate: bytes / 1e6 / seconds }));
  process.exit(0);
};

if (kind === 'rxweir') {
  const { request } = await import('rxweir');
  const { switchMap } = await import('rxjs');
  request(`${origin}/`)
    .pipe(switchMap((response) => response.body))
    .subscribe({ next: (chunk) => (bytes += chunk.length), complete: finish });
} else if (kind === 'undici') {
  const { request } = await import('undici');
  const { body } = await request(`${origin}/`);
  for await (const chunk of body) bytes += chunk.length;
  finish();
} else if (kind === 'node-http') {
  http.get(`${origin}/`, (response) => {
    response.on('data', (chunk) => (bytes += chunk.length));
    response.on('end', finish);
  });
} else {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true }, () =>
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  );
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    if (bytes >= 512 * 1024 * 1024) finish();
  });
}
