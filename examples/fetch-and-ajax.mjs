// Code written for fetch and for rxjs/ajax, unchanged but for where it imports from.
import { from, retry, switchMap, takeLast, tap } from 'rxjs';
import { serve } from 'rxweir';
import { ajax } from 'rxweir/compat/ajax';
import { fetch } from 'rxweir/compat/fetch';

let asked = 0;
const json = { 'content-type': 'application/json' };

/** @param {import('rxweir').ServerRequest} request */
function handler({ path, body }) {
  if (path === '/moved') return { status: 301, fields: { location: '/weirs' } };
  if (path === '/weirs') return { fields: json, body: '[{ "name": "Marlow" }, { "name": "Hambleden" }]' };
  if (path === '/busy') return asked++ === 0 ? { status: 503 } : { fields: json, body: '{ "free": true }' };
  if (path === '/echo') return { body };
  return { status: 404 };
}

/** An upload that is written while its answer is being read. @param {string} url */
async function duplex(url) {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  const fetching = fetch(url, { method: 'POST', body: readable, duplex: 'half' });
  const send = (/** @type {string} */ text) => writer.write(new TextEncoder().encode(text));
  await send('there');
  const reader = (await fetching).body?.pipeThrough(new TextDecoderStream()).getReader();
  console.log('echo:', (await reader?.read())?.value);
  await send('and back');
  console.log('echo:', (await reader?.read())?.value);
  await writer.close();
}

/** Given up by a signal, and a failure with its cause. @param {string} origin */
async function failures(origin) {
  const controller = new AbortController();
  const fetching = fetch(`${origin}/weirs`, { signal: controller.signal });
  controller.abort();
  await fetching.catch((error) => console.log('fetch:', error.name));
  await fetch(origin.replace(/\d+$/, '1')).catch((error) => console.log('fetch:', error.name, error.cause.code));
}

/** @param {string} origin */
async function withFetch(origin) {
  const response = await fetch(`${origin}/moved`);
  const weirs = /** @type {{ name: string }[]} */ (await response.json());
  console.log('fetch:', new URL(response.url).pathname, response.redirected, weirs.map(({ name }) => name).join(', '));
  await duplex(`${origin}/echo`);
  await failures(origin);
}

/** @param {string} origin */
function withAjax(origin) {
  return ajax.getJSON(`${origin}/busy`).pipe(
    retry(1), // a 503 is an error, and the second time there is an answer
    tap(({ free }) => console.log('ajax: free', free)),
    switchMap(() => ajax({ url: `${origin}/echo`, method: 'POST', body: 'x'.repeat(100_000), responseType: 'text', includeDownloadProgress: true })), // prettier-ignore
    takeLast(1),
    tap(({ type, loaded }) => console.log('ajax:', type, loaded)),
  );
}

serve({ host: '127.0.0.1', port: 0 }, handler).subscribe((server) => {
  const origin = `http://127.0.0.1:${server.address.port}`;
  from(withFetch(origin))
    .pipe(switchMap(() => withAjax(origin)))
    .subscribe({ complete: () => server.close().subscribe() });
});
