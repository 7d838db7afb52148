// How far somebody polite has come, told to whoever connects: { answers, at }, in milliseconds. What they say is told to `heard`.
import net from 'node:net';

export function tellCount(answers, heard) {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (line) => {
      heard?.(line.toString());
      socket.end(JSON.stringify({ answers: answers(), at: performance.now() }));
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

/** Asks for it. @param said a line */
export function askCount(port, said = 'how far?') {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(said));
    socket.on('data', (chunk) => (text += chunk));
    socket.on('end', () => resolve(JSON.parse(text)));
    socket.on('error', reject);
  });
}
