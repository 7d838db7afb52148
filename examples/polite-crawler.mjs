// A crawler with manners: one page at a time, a pause between them, redirects followed, cookies kept, and told to wait it waits.
import {
  catchError,
  concatMap,
  delay,
  EMPTY,
  expand,
  filter,
  from,
  ignoreElements,
  map,
  of,
  switchMap,
  tap,
} from 'rxjs';
import { CookieStore, createClient, serve } from 'rxweir';
import { retryExchange, text, throwOnStatus } from 'rxweir/operators';

let busy = true;

/** @param {string[]} links */
const page = (...links) => ({ body: links.map((link) => `<a href="${link}">${link}</a>`).join('\n') });

/** @type {Record<string, () => import('rxweir').ServerResponse>} */
const SITE = {
  '/': () => ({ ...page('/old', '/busy', '/loop', '/gone', 'http://elsewhere.example/'), fields: { 'set-cookie': 'visitor=7' } }), // prettier-ignore
  '/old': () => ({ status: 301, fields: { location: '/new' } }),
  '/new': () => page('/', '/old', '/busy'),
  '/loop': () => ({ status: 302, fields: { location: '/loop' } }),
  '/busy': () => {
    if (!busy) return page('/new');
    busy = false;
    return { status: 429, fields: { 'retry-after': '1' } };
  },
};

serve({ host: '127.0.0.1', port: 0 }, ({ path, fields }) => {
  console.log(`  ${path} ${fields.get('cookie') ?? 'no cookie'}, from ${pathOf(fields.get('referer'))}`);
  return SITE[path]?.() ?? { status: 404 };
}).subscribe((server) => {
  const start = `http://127.0.0.1:${server.address.port}/`;
  // One jar is one visitor. What all requests have in common is said once.
  const client = createClient({ cookies: new CookieStore(), headers: { 'user-agent': 'weir-example' }, referer: true });
  const seen = new Set([start]);

  of(start)
    .pipe(
      expand((url) => links(url).pipe(filter(isNew)), 1), // one at a time
      tap({ complete: () => console.log(`${seen.size} addresses`) }),
      ignoreElements(),
    )
    .subscribe({
      complete: () =>
        client
          .close()
          .pipe(switchMap(() => server.close()))
          .subscribe(),
    });

  /** The links of a page, or none where it cannot be had. @param {string} url */
  function links(url) {
    return of(url).pipe(
      delay(20), // between two pages
      concatMap(() => client.request(url).pipe(retryExchange({ random: Math.random }))), // Retry-After has the say
      throwOnStatus(),
      concatMap((response) =>
        of(response).pipe(
          text({ maxBytes: 100_000 }),
          tap(() => seen.add(response.url)), // where the redirects led
          map((html) =>
            [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => new URL(href ?? '', response.url).href),
          ),
          tap((found) => console.log(`${pathOf(url)} is ${pathOf(response.url)}, ${found.length} links`)),
        ),
      ),
      concatMap((found) => from(found)),
      catchError((error) => {
        console.log(`${pathOf(url)}: ${error.code}`);
        return EMPTY;
      }),
    );
  }

  /** @param {string} url */
  function isNew(url) {
    const own = url.startsWith(start) && !seen.has(url);
    if (own) seen.add(url);
    return own;
  }
});

/** @param {string | undefined} url */
function pathOf(url) {
  return url === undefined ? 'nowhere' : new URL(url).pathname;
}
