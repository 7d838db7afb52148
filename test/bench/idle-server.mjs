// node idle-server.mjs <kind>: a server whose idle connections stay; `gc` on stdin collects.
import http from 'node:http';

process.stdin.on('data', () => {
  globalThis.gc();
  globalThis.gc();
  console.log('collected');
});
if (process.argv[2] === 'rxweir') {
  const { serve } = await import('rxweir');
  serve({ host: '127.0.0.1', port: 0, timeout: { idle: 600_000 } }, () => ({ body: 'ok' })).subscribe((server) =>
    console.log(server.address.port),
  );
} else {
  const server = http.createServer({ keepAliveTimeout: 600_000 }, (request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}
