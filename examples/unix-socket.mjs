// HTTP over a UNIX socket: the URL still says which host is meant, `socketPath` where to connect.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request, serve } from 'rxweir';
import { text } from 'rxweir/operators';

const folder = mkdtempSync(join(tmpdir(), 'rxweir-example-'));
const path = join(folder, 'server.sock');

serve({ path, mode: 0o600 }, ({ authority, remote }) => ({ body: `${authority} over ${remote.family}` })).subscribe(
  (server) => {
    request({ url: 'http://weir.example/', socketPath: path })
      .pipe(text())
      .subscribe({
        next: (body) => console.log(body),
        complete: () => server.close().subscribe({ complete: () => rmSync(folder, { recursive: true }) }),
      });
  },
);
