import { readdir } from 'node:fs';
import { Observable } from 'rxjs';
import type { ServerResponse } from '../server/server-response.js';

/** A page of the names in a folder, folders first; hidden ones are left out unless `dotFiles`. */
export function listFolder(
  path: string,
  title: string,
  top: boolean,
  dotFiles: boolean,
  maxEntries: number,
): Observable<ServerResponse> {
  return new Observable((subscriber) => {
    readdir(path, { withFileTypes: true }, (error, found) => {
      if (error) return subscriber.error(error);
      const seen = found
        .filter(({ name }) => dotFiles || !name.startsWith('.'))
        .map((entry) => ({ name: entry.name, folder: entry.isDirectory() }))
        .sort((a, b) => Number(b.folder) - Number(a.folder) || (a.name < b.name ? -1 : 1));
      const rows = seen.slice(0, maxEntries).map(({ name, folder }) => link(name, folder));
      if (!top) rows.unshift('<li><a href="../">../</a></li>');
      const more = seen.length - maxEntries;
      subscriber.next({
        fields: {
          'content-type': 'text/html; charset=utf-8',
          'cache-control': 'no-cache',
          'content-security-policy': "default-src 'none'",
          'x-content-type-options': 'nosniff',
        },
        body: page(title, rows, more > 0 ? `<p>and ${more} more</p>\n` : ''),
      });
      subscriber.complete();
    });
  });
}

function page(title: string, rows: readonly string[], rest: string): string {
  const heading = escapeHtml(title);
  return (
    `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${heading}</title>\n<h1>${heading}</h1>\n` +
    `<ul>\n${rows.map((row) => `${row}\n`).join('')}</ul>\n${rest}</html>\n`
  );
}

function link(name: string, folder: boolean): string {
  const slash = folder ? '/' : '';
  return `<li><a href="./${encodeURIComponent(name)}${slash}">${escapeHtml(name)}${slash}</a></li>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  let escaped = '';
  for (const char of text) escaped += ENTITIES[char] ?? char;
  return escaped;
}
