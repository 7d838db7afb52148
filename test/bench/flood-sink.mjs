// node flood-sink.mjs [port]: takes what it is sent and answers nothing. Without a port a server, that prints its own; with one, four
// clients who ask there, and come back when they are thrown out. Like the attacker, it has the processor time that others leave.
import net from 'node:net';
import { takeLeftoverTime } from './leftover-time.mjs';

takeLeftoverTime();
const port = process.argv[2];
const quiet = (socket) => socket.on('error', () => undefined).resume();

if (port === undefined) {
  const server = net.createServer(quiet).listen(0, '127.0.0.1', () => console.log(server.address().port));
} else {
  const ask = () => {
    const socket = net.connect(Number(port), '127.0.0.1', () => socket.write('?'));
    quiet(socket).on('end', () => socket.end());
    socket.on('close', () => setTimeout(ask, 10));
  };
  for (let i = 0; i < 4; i++) ask();
  console.log(0);
}
