// A reverse proxy in front of two servers: `node examples/reverse-proxy.mjs <port> <url>` puts it in front of one of yours.
import { forkJoin, map, mergeMap, of, pipe } from 'rxjs';
import { acceptWebSocket, accessLog, mapErrors, request, reverseProxy, route, serve, webSocket } from 'rxweir';
import { text } from 'rxweir/operators';

const [port, target] = process.argv.slice(2);
const local = { host: '127.0.0.1', port: 0 };
const log = accessLog();
log.records$.subscribe(({ method, target: path, status, cancelled }) =>
  console.log(`proxy: ${method} ${path} ${status}${cancelled ? ', cancelled' : ''}`),
);

if (target !== undefined) {
  serve({ port: Number(port) }, log(reverseProxy(target))).subscribe(() => console.log(`in front of ${target}`));
} else {
  const api = serve(local, ({ path, fields }) => ({ body: `api ${path} for ${fields.get('x-forwarded-for')}` }));
  const live = serve(local, (incoming) => acceptWebSocket(incoming, {}, (socket) => socket));

  forkJoin([firstOf(api), firstOf(live)]).subscribe(([apiServer, liveServer]) => {
    const urlOf = (/** @type {import('rxweir').Server} */ server) => `http://127.0.0.1:${server.address.port}`;
    const handler = pipe(
      mapErrors(),
      log,
    )(
      route({
        '/api/*': reverseProxy(urlOf(apiServer), { requestFields: ['x-request-id'] }),
        '/live': reverseProxy(urlOf(liveServer)),
        '/gone': reverseProxy('http://127.0.0.1:1'),
      }),
    );
    serve(local, handler).subscribe((proxy) => {
      const url = urlOf(proxy);
      of('/api/weir?n=1', '/gone')
        .pipe(
          mergeMap((path) => request(url + path).pipe(mergeMap((response) => of(response).pipe(text(), map((body) => `${response.status} ${body.trim()}`)))), 1), // prettier-ignore
        )
        .subscribe({
          next: (line) => console.log(`client: ${line}`),
          complete: () => {
            const socket = webSocket(`${url.replace('http', 'ws')}/live`);
            socket.subscribe({
              next: (message) => {
                console.log(`client: ${String(message)} came back`);
                socket.complete();
              },
              complete: () => {
                for (const server of [proxy, apiServer, liveServer]) server.close({ grace: 100 }).subscribe();
              },
            });
            socket.next('an echo');
          },
        });
    });
  });
}

/**
 * A server that goes on; unlike `firstValueFrom`, which would close it.
 * @param {import('rxjs').Observable<import('rxweir').Server>} serving
 * @returns {Promise<import('rxweir').Server>}
 */
function firstOf(serving) {
  return new Promise((resolve, reject) => {
    serving.subscribe({ next: resolve, error: reject });
  });
}
