import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hold, type Release } from '../../../operators/core/deliver.js';
import { ByteDuplex } from '../../../src/sockets/byte-duplex.js';
import { tcpInfo } from '../../../src/sockets/socket-info.js';
import { streamDuplex } from '../../../src/sockets/stream-duplex.js';
import { Reader, turns, until } from './harness.js';

/** The accepted end of a connection, and its peer, both Node's own. */
async function accepted(): Promise<{ socket: Socket; peer: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    peer.destroy();
    socket.destroy();
    server.close();
  });
  return { socket, peer };
}

describe('an accepted socket', () => {
  it('is read without going through the buffer of its stream', async () => {
    const { socket, peer } = await accepted();
    let said = 0;
    const reader = new Reader(streamDuplex(socket, { info: tcpInfo(socket) }));
    socket.on('data', () => said++);
    peer.write('one');
    await until(() => reader.text === 'one');
    peer.end('two');
    await until(() => reader.ended);
    expect([reader.text, said]).toEqual(['onetwo', 0]);
  });

  it('gives what came before its reader, and what comes meanwhile behind that', async () => {
    const { socket, peer } = await accepted();
    const bytes = streamDuplex(socket, { info: tcpInfo(socket) });
    peer.write('early ');
    await until(() => socket.readableLength > 0);
    const reader = new Reader(bytes);
    socket.push(Buffer.from('next ')); // read before the early bytes have flowed
    expect(reader.text).toBe('');
    await until(() => reader.text === 'early next ');
    peer.write('late');
    await until(() => reader.text === 'early next late');
  });

  it('keeps what it reads while its reader holds, in order', async () => {
    const { socket, peer } = await accepted();
    const releases: Release[] = [];
    const bytes = streamDuplex(socket, { info: tcpInfo(socket), highWaterMark: 4 });
    const reader = new Reader(bytes, () => void releases.push(hold()));
    for (const word of ['first ', 'second ', 'third ', 'fourth ']) {
      peer.write(word);
      await turns(20);
    }
    expect([reader.text, bytes.paused]).toEqual(['first ', true]);
    expect(socket.readableLength).toBeGreaterThan(0);
    await until(() => {
      for (const release of releases.splice(0)) release();
      return reader.text === 'first second third fourth ';
    });
    peer.end('last');
    await until(() => {
      for (const release of releases.splice(0)) release();
      return reader.ended;
    });
    expect(reader.text).toBe('first second third fourth last');
  });

  it('is an ordinary stream again once it is given away', async () => {
    const { socket, peer } = await accepted();
    const bytes = streamDuplex(socket, { info: tcpInfo(socket) });
    const reader = new Reader(bytes);
    peer.write('ours');
    await until(() => reader.text === 'ours');
    const stream = ByteDuplex.portOf(bytes).detach();
    expect(stream).toBe(socket);
    const seen: string[] = [];
    socket.on('data', (chunk: Buffer) => seen.push(String(chunk))).resume();
    peer.write('theirs');
    await until(() => seen.join('') === 'theirs');
    expect(reader.text).toBe('ours');
  });
});
