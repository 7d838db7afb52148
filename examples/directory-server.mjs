// A server for a folder, behind other handlers: npm run build, then `node examples/directory-server.mjs <folder> <port>`.
import { pipe } from 'rxjs';
import { accessLog, compress, request, route, serve, serveDirectory } from 'rxweir';
import { bytes } from 'rxweir/operators';

const [folder, port] = process.argv.slice(2);
const log = accessLog();
log.records$.subscribe(({ method, target, status, bytesOut }) => console.log(method, target, status, bytesOut));

const files = serveDirectory(folder ?? new URL('../docs/', import.meta.url), {
  listing: true,
  cacheControl: 'max-age=60',
});
const handler = pipe(compress(), log)(route({ 'GET /health': () => ({ body: 'well\n' }), '/*': files }));

serve({ host: '127.0.0.1', port: Number(port ?? 0) }, handler).subscribe((server) => {
  const origin = `http://127.0.0.1:${server.address.port}`;
  console.log(`serving ${folder ?? 'docs/'} at ${origin}`);
  if (folder !== undefined) return; // until Ctrl+C

  /** @type {[string, import('rxweir').RequestConfig['headers']?][]} */
  const asked = [
    ['/health'],
    ['/'],
    ['/glossary.md'],
    ['/glossary.md', { range: 'bytes=0-9' }],
    ['/guide'],
    ['/nowhere'],
    ['/..%2fpackage.json'],
  ];
  const next = () => {
    const [target, headers] = asked.shift() ?? [];
    if (target === undefined) {
      server.close().subscribe();
      return;
    }
    request({ url: origin, target, headers, redirect: 'manual' }).subscribe(({ status, fields, body }) => {
      const type = fields.get('content-type') ?? fields.get('location') ?? '';
      body.pipe(bytes()).subscribe((content) => {
        console.log(`  ${target}: ${status} ${type}, ${content.length > 0 ? 'something' : 'nothing'} to read`);
        next();
      });
    });
  };
  next();
});
