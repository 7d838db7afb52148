// node static-servers.mjs <kind> <folder>: prints its port.
import http from 'node:http';

const [kind, folder] = process.argv.slice(2);

if (kind === 'send') {
  const { default: send } = await import('send');
  const server = http.createServer((request, response) => {
    send(request, request.url, { root: folder }).pipe(response);
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
} else {
  const { serve, serveDirectory } = await import('rxweir');
  serve({ host: '127.0.0.1', port: 0 }, serveDirectory(folder)).subscribe((server) => console.log(server.address.port));
}
