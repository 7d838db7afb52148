// node flood-polite.mjs <port>: requests on four keep-alive connections, one after the other on each; prints the port it is counted at.
import net from 'node:net';
import { tellCount } from './flood-count.mjs';

const port = Number(process.argv[2]);
const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
let answers = 0;

for (let i = 0; i < 4; i++) ask();
tellCount(() => answers);

function ask() {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  let text = '';
  let sent = 0;
  const next = () => {
    text = '';
    sent++;
    socket.write(GET);
  };
  socket.on('connect', next);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (!text.endsWith('\r\n\r\nok')) return;
    answers++;
    if (sent % 1000 === 0)
      socket.end(); // as many as the server allows on one connection
    else next();
  });
  socket.on('close', ask);
  socket.on('error', () => undefined);
}
