// node servers.mjs <kind>: prints its port.
// What only one contender needs is loaded by it: a heap over 8 MiB changes how V8 treats buffers, see docs/decisions/0030.
import net from 'node:net';

const [kind, argument] = process.argv.slice(2);
const text = 'Hello, world!';
const ready = (port) => console.log(port);

if (kind === 'net') {
  const answer = Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(answer));
  });
  server.listen(0, '127.0.0.1', () => ready(server.address().port));
} else if (kind === 'node-http') {
  const { default: http } = await import('node:http');
  const server = http.createServer((request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(text);
  });
  server.listen(0, '127.0.0.1', () => ready(server.address().port));
} else if (kind === 'big') {
  const mebibytes = Number(argument);
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${mebibytes * chunk.length}\r\n\r\n`);
      let left = mebibytes;
      const more = () => {
        while (left > 0) {
          left--;
          if (!socket.write(chunk)) return socket.once('drain', more);
        }
      };
      more();
    });
  });
  server.listen(0, '127.0.0.1', () => ready(server.address().port));
} else {
  const { serve } = await import('rxweir');
  const { of } = await import('rxjs');
  const fields = { 'content-type': 'text/plain' };
  const handler = kind === 'rxweir-of' ? () => of({ fields, body: text }) : () => ({ fields, body: text });
  const onePort = kind === 'one-port' ? { tls: true, cleartext: true } : {};
  serve({ host: '127.0.0.1', port: 0, ...onePort }, handler).subscribe((server) => ready(server.address.port));
}
