// node web-socket-servers.mjs <rxweir | ws | bare>: an echo server; prints its port. `gc` on stdin collects.
import net from 'node:net';

process.stdin.on('data', () => {
  globalThis.gc();
  globalThis.gc();
  console.log('collected');
});

const start = {
  async rxweir() {
    const { acceptWebSocket, serve } = await import('rxweir');
    const config = { maxMessageSize: 4 * 1024 * 1024 };
    const handler = (socket) => void socket.subscribe(socket);
    serve({ host: '127.0.0.1', port: 0 }, (request) => acceptWebSocket(request, config, handler)).subscribe((server) =>
      console.log(server.address.port),
    );
  },
  async ws() {
    const { WebSocketServer } = await import('ws');
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => console.log(server.address().port));
    server.on('connection', (socket) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
  },
  /** Looks at lengths only and answers each frame with one of zeros that was made before. */
  async bare() {
    const { createHash } = await import('node:crypto');
    // The buffers of its reads are not to be pages that fault, or not, by luck: whoever asks would be measured by that. See largeBuffer.
    Buffer.allocUnsafeSlow(31 * 1_048_576);
    const server = net.createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (head) => {
        const key = /sec-websocket-key: (.*)\r\n/i.exec(String(head))[1];
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        const lines = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: Upgrade'];
        socket.write([...lines, `sec-websocket-accept: ${accept}`, '', ''].join('\r\n'));
        let answers;
        let frame = 0;
        let size = 0;
        let received = 0;
        socket.on('data', (chunk) => {
          if (answers === undefined) ({ answers, frame, size } = prepare(chunk));
          received += chunk.length;
          let frames = Math.floor(received / size);
          received -= frames * size;
          for (const most = answers.length / frame; frames > 0; frames -= most) {
            socket.write(answers.subarray(0, Math.min(frames, most) * frame));
          }
        });
      });
    });
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  },
};

/** All frames are as long as the first, which is masked; the answers are not. */
function prepare(first) {
  const short = first[1] & 0x7f;
  const length = short < 126 ? short : short === 126 ? first.readUInt16BE(2) : Number(first.readBigUInt64BE(2));
  const header = first.subarray(0, short < 126 ? 2 : short === 126 ? 4 : 10);
  const frame = Buffer.concat([header, Buffer.alloc(length)]);
  frame[1] &= 0x7f;
  const answers = Buffer.concat(Array.from({ length: length > 1000 ? 8 : 256 }, () => frame));
  return { answers, frame: frame.length, size: frame.length + 4 };
}

await start[process.argv[2]]();
