// A download over a connection that keeps breaking, with its progress: taken up with Range and If-Range where it broke off.
import { createHash } from 'node:crypto';
import { concat, of, tap, throwError } from 'rxjs';
import { request, serve } from 'rxweir';
import { resumeDownload } from 'rxweir/operators';

const FILE = Buffer.alloc(1_000_000, 'the weir at Marlow. ');
const ETAG = '"v1"';
const sha = (/** @type {Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

let connections = 0;

/** Breaks off after 300 000 bytes, whatever is asked for. @param {number} from */
function unreliable(from) {
  connections++;
  const rest = FILE.subarray(from);
  if (rest.length <= 300_000) return of(rest);
  return concat(
    of(rest.subarray(0, 300_000)),
    throwError(() => new Error('the line went dead')),
  );
}

serve({ host: '127.0.0.1', port: 0 }, ({ fields }) => {
  const from = Number(/^bytes=(\d+)-$/.exec(fields.get('range') ?? '')?.[1] ?? 0);
  const length = String(FILE.length - from);
  if (from === 0 || fields.get('if-range') !== ETAG) {
    return { fields: { etag: ETAG, 'content-length': String(FILE.length) }, body: unreliable(0) };
  }
  const range = `bytes ${from}-${FILE.length - 1}/${FILE.length}`;
  return {
    status: 206,
    fields: { etag: ETAG, 'content-range': range, 'content-length': length },
    body: unreliable(from),
  };
}).subscribe((server) => {
  let total = NaN;
  let bytes = 0;
  let shown = 0;
  /** @type {Uint8Array[]} */
  const chunks = [];

  request({ url: `http://127.0.0.1:${server.address.port}/file`, decompress: false }) // ranges count the bytes that are sent
    .pipe(
      tap(({ fields }) => (total = Number(fields.get('content-length')))),
      resumeDownload({
        delay: 10,
        onResume: ({ at, error }) =>
          console.log(`${/** @type {{ code: string }} */ (error).code} at ${at}: taken up again`),
      }),
      tap((chunk) => {
        bytes += chunk.length;
        const tenths = Math.floor((10 * bytes) / total);
        if (tenths > shown) console.log(`${10 * (shown = tenths)} %`);
      }),
    )
    .subscribe({
      next: (chunk) => chunks.push(chunk),
      complete: () => {
        const whole = sha(Buffer.concat(chunks)) === sha(FILE);
        console.log(`${bytes} bytes over ${connections} connections, ${whole ? 'whole' : 'damaged'}`);
        server.close().subscribe();
      },
    });
});
