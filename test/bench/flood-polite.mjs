// node flood-polite.mjs <port> <ms>: requests on four keep-alive connections, one after the other on each; prints their rate.
import net from 'node:net';

const [port, ms] = process.argv.slice(2).map(Number);
const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
let answers = 0;

for (let i = 0; i < 4; i++) ask();

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

setTimeout(() => {
  const [from, before] = [performance.now(), answers];
  setTimeout(() => {
    console.log(JSON.stringify({ rate: ((answers - before) * 1000) / (performance.now() - from) }));
    process.exit(0);
  }, ms);
}, 200);
