// A download into a file, with its progress. Each chunk is held until the disk has it, so a slow disk slows the sender.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finalize } from 'rxjs';
import { request, serve } from 'rxweir';
import { progress, toFile } from 'rxweir/operators';

const MEBIBYTE = 1024 * 1024;
const SIZE = 32 * MEBIBYTE;

/** Pulled piece by piece, as the client takes them. */
function* file() {
  for (let sent = 0; sent < SIZE; sent += MEBIBYTE) yield new Uint8Array(MEBIBYTE);
}

const folder = mkdtempSync(join(tmpdir(), 'rxweir-example-'));
const fields = { 'content-length': String(SIZE) };

serve({ host: '127.0.0.1', port: 0 }, () => ({ fields, body: file() })).subscribe((server) => {
  let shown = 0;
  request(`http://127.0.0.1:${server.address.port}/file`)
    .pipe(
      progress(({ bytes, total = bytes }) => {
        const quarters = Math.floor((4 * bytes) / total);
        if (quarters > shown) console.log(`${25 * (shown = quarters)} %`);
      }),
      toFile(join(folder, 'file')),
      finalize(() => rmSync(folder, { recursive: true })),
    )
    .subscribe({
      next: (bytes) => console.log(`${bytes} bytes written`),
      complete: () => server.close().subscribe(),
    });
});
