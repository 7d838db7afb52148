import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { certificateFiles, certificates, type Credentials } from './certificates.js';

/** What a client says that trusts the test authority and asks for `host`. */
function handshake(credentials: Credentials, host: string, client?: Credentials): Promise<string> {
  const { ca } = certificates();
  const server = createServer({ ...credentials, ca, requestCert: true, rejectUnauthorized: false });
  return new Promise<string>((resolve, reject) => {
    let seen = 'nobody';
    server.on('secureConnection', (socket: TLSSocket) => {
      if (socket.authorized) seen = String(socket.getPeerCertificate().subject.CN);
      socket.on('error', reject).end('x');
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const socket = connect({ port, host: '127.0.0.1', servername: host, ca, ...client });
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('data', () => resolve(seen));
    });
  }).finally(() => server.close());
}

it('makes a chain that TLS accepts for its names only', async () => {
  const { server, other, expired, client, stranger } = certificates();
  expect(await handshake(server, 'localhost')).toBe('nobody');
  expect(await handshake(server, 'localhost', client)).toBe('a test client');
  expect(await handshake(other, 'localhost')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await handshake(expired, 'localhost')).toBe('CERT_HAS_EXPIRED');
  expect(await handshake(stranger, 'localhost')).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

it('names addresses as addresses', () => {
  const made = new X509Certificate(certificates().server.cert);
  expect(made.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(made.checkIP('::1')).toBe('::1');
  expect(made.checkIP('127.0.0.2')).toBeUndefined();
  expect(made.checkHost('localhost')).toBe('localhost');
  expect(made.verify(new X509Certificate(certificates().ca).publicKey)).toBe(true);
});

it('writes files, and removes them', () => {
  const files = certificateFiles(certificates().server);
  expect(readFileSync(files.cert, 'utf8')).toBe(certificates().server.cert);
  expect(readFileSync(files.ca, 'utf8')).toBe(certificates().ca);
  files.remove();
  expect(existsSync(files.key)).toBe(false);
});
