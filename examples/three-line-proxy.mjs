// A streaming proxy. A slow reader holds the origin back through it, at constant memory.
import { request, serve } from 'rxweir';
import { text } from 'rxweir/operators';

const local = { host: '127.0.0.1', port: 0 };

serve(local, (incoming) => ({ body: `origin saw ${incoming.method} ${incoming.path}\n` })).subscribe((origin) => {
  const to = `http://127.0.0.1:${origin.address.port}`;

  const proxy = serve(local, ({ method, target, body }) => request({ url: to + target, method, body }));

  proxy.subscribe((server) => {
    const url = `http://127.0.0.1:${server.address.port}/through?the=weir`;
    request
      .put(url, { body: 'water' })
      .pipe(text())
      .subscribe({
        next: (body) => process.stdout.write(body),
        complete: () => {
          server.close().subscribe();
          origin.close().subscribe();
        },
      });
  });
});
