// node idle-server.mjs <kind> [tls]: a server whose idle connections stay; `gc` on stdin collects.
import http from 'node:http';
import https from 'node:https';
import { createAuthority } from '../../examples/support/x509.mjs';

const [kind, secure] = process.argv.slice(2);
const tls = secure === 'tls' ? createAuthority('bench').issue({ name: 'localhost' }) : undefined;

process.stdin.on('data', () => {
  globalThis.gc();
  globalThis.gc();
  console.log('collected');
});
if (kind === 'rxweir') {
  const { serve } = await import('rxweir');
  serve({ host: '127.0.0.1', port: 0, timeout: { idle: 600_000, setup: 60_000 }, tls }, () => ({
    body: 'ok',
  })).subscribe((server) => console.log(server.address.port));
} else {
  const options = { keepAliveTimeout: 600_000, ...tls };
  const server = (tls ? https : http).createServer(options, (request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}
