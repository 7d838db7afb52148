// node flood-server.mjs: a server with the limits it has by default; prints its port.
import { map, NEVER } from 'rxjs';
import { serve } from 'rxweir';
import { bytes } from 'rxweir/operators';

const big = Buffer.alloc(1 << 20, 'x');

serve({ host: '127.0.0.1', port: 0 }, ({ path, body }) => {
  if (path === '/big') return { body: big };
  if (path === '/hold') return NEVER;
  if (path === '/collect') return body.pipe(bytes(), map(({ length }) => ({ body: String(length) }))); // prettier-ignore
  return { body: 'ok' };
}).subscribe((server) => console.log(server.address.port));
