/** Node's own HTTP/1 parser, asked through real sockets. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer as createRawServer, type AddressInfo } from 'node:net';
import { nodeLines, type Outcome, type ReadMessage } from './outcome.js';

const LOCAL = '127.0.0.1';

export interface NodeReader {
  /** Sends bytes and the end of our direction; resolves with what Node made of them. */
  read(bytes: Uint8Array): Promise<Outcome>;
  close(): Promise<void>;
}

interface Connection {
  readonly messages: ReadMessage[];
  error: string;
}

/** An `http.Server` that is sent requests. */
export async function nodeServer(): Promise<NodeReader> {
  const connections = new Map<number, Connection>();
  const of = (port: number | undefined): Connection => connections.get(port as number) as Connection;
  const take = (message: IncomingMessage, response: ServerResponse): void => {
    const { messages } = of(message.socket.remotePort);
    const parts: Buffer[] = [];
    message.on('data', (part: Buffer) => parts.push(part));
    message.on('error', () => undefined);
    message.on('end', () => {
      messages.push(readMessage(message, `${message.method} ${message.url}`, parts));
      response.end();
    });
  };
  const server = createServer({ requireHostHeader: true, keepAliveTimeout: 0 }, take);
  server.on('checkContinue', take);
  server.on('checkExpectation', take);
  server.on('connect', (message: IncomingMessage, socket) => {
    of(message.socket.remotePort).messages.push(readMessage(message, `${message.method} ${message.url}`, []));
    socket.end();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const connection = of((socket as unknown as { remotePort: number }).remotePort);
    if (connection) connection.error ||= error.code ?? error.message;
    socket.destroy();
  });
  server.listen(0, LOCAL);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    async read(bytes) {
      const socket = connect({ host: LOCAL, port, allowHalfOpen: true });
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const connection: Connection = { messages: [], error: '' };
      connections.set(socket.localPort as number, connection);
      let answers = '';
      socket.on('data', (part: Buffer) => (answers += part.toString('latin1')));
      socket.end(bytes);
      await Promise.race([once(socket, 'end'), once(socket, 'close')]).catch(() => undefined);
      socket.destroy();
      connections.delete(socket.localPort as number);
      const refused = answers.includes('HTTP/1.1 400') ? 'ANSWERED_400' : '';
      return { messages: connection.messages, error: connection.error || refused };
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** An `http.request` GET that is sent responses by a raw server. */
export async function nodeClient(): Promise<NodeReader> {
  let answer: Uint8Array = new Uint8Array(0);
  const server = createRawServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  server.listen(0, LOCAL);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    read(bytes) {
      answer = bytes;
      return new Promise((resolve) => {
        const messages: ReadMessage[] = [];
        let failure = '';
        const fail = (error: NodeJS.ErrnoException): void => void (failure ||= error.code ?? error.message);
        const outgoing = request({ host: LOCAL, port, agent: false, headers: { connection: 'keep-alive' } });
        outgoing.on('error', fail);
        outgoing.on('upgrade', (_message, socket) => {
          failure = 'UPGRADED';
          socket.destroy();
        });
        outgoing.on('information', (info) => {
          messages.push({
            line: `${info.statusCode} ${info.statusMessage}`,
            version: info.httpVersion,
            fields: nodeLines(info.rawHeaders),
            body: '',
            trailers: [],
          });
        });
        outgoing.on('response', (message) => {
          const parts: Buffer[] = [];
          message.on('data', (part: Buffer) => parts.push(part));
          message.on('error', fail);
          message.on('end', () => {
            if (message.complete)
              messages.push(readMessage(message, `${message.statusCode} ${message.statusMessage}`, parts));
          });
        });
        outgoing.on('close', () => {
          setImmediate(() => {
            // What came with an error is no response to the one who asked.
            const whole = failure === '' ? messages : messages.filter(({ line }) => line.startsWith('1'));
            resolve({ messages: whole, error: failure });
          });
        });
        outgoing.end();
      });
    },
    async close() {
      server.close();
      await once(server, 'close');
    },
  };
}

function readMessage(message: IncomingMessage, line: string, parts: readonly Buffer[]): ReadMessage {
  return {
    line,
    version: message.httpVersion,
    fields: nodeLines(message.rawHeaders),
    body: Buffer.concat(parts).toString('latin1'),
    trailers: nodeLines(message.rawTrailers),
  };
}
