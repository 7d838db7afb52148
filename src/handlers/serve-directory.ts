import { join } from 'node:path';
import { catchError, concatMap, defer, from, map, type Observable, of, throwError } from 'rxjs';
import { type ContentCoding, negotiateCoding } from '../../operators/body/content-coding.js';
import type { Handler } from '../server/respond-context.js';
import type { ServerRequest } from '../server/server-request.js';
import { isObservableInput, type ServerResponse } from '../server/server-response.js';
import { type FilePath, resolveFilePath } from './file-path.js';
import { fileResponse } from './file-response.js';
import { listFolder } from './list-folder.js';
import { mediaTypeOf } from './media-type.js';
import { type OpenedFile, openFile } from './open-file.js';
import { type ResolvedDirectory, resolveDirectory, type ServeDirectoryConfig } from './serve-directory-config.js';
import { statusResponse } from './status-response.js';

/** Files of at most so many bytes are read whole, and leave with their head. */
const WHOLE = 65_536;
const ENDINGS: Readonly<Record<ContentCoding, string>> = { br: '.br', zstd: '.zst', gzip: '.gz', deflate: '.zz' };

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ENXIO']);
const NOT_ALLOWED = new Set(['EACCES', 'EPERM', 'ELOOP']);
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * A handler that answers with the files of a folder: GET and HEAD, conditions (If-Match, If-None-Match, If-Modified-Since,
 * If-Unmodified-Since), ranges with If-Range, index files, and a redirect where the slash of a folder is missing (RFC 9110 §13, §14).
 *
 * A file is read as the client takes it, and closed when it has it, or leaves. Refused are: 400, what is no path of a file (dot segments,
 * encoded slashes, NUL); 404, what is not there, hidden, no file, or reached by a link that leads out; 403, what may not be read, and
 * folders without index; 405, other methods; 503, when there are no file descriptors left.
 *
 * @param folder a path, or a URL of scheme `file`; looked for at once
 * @throws UsageError `INVALID_OPTION`. A body fails with `FILE_CHANGED` where its file was changed meanwhile.
 * @example
 * ```ts
 * import { serve, serveDirectory } from 'rxweir';
 * serve({ port: 8080 }, serveDirectory('.', { listing: true, cacheControl: 'max-age=60' })).subscribe();
 * ```
 */
export function serveDirectory(folder: string | URL, config: ServeDirectoryConfig = {}): Handler {
  const directory = resolveDirectory(folder, config);
  const { prefix, dotFiles, otherwise } = directory;
  const missing = (request: ServerRequest): Observable<ServerResponse> => {
    const result = otherwise === undefined ? statusResponse(404) : otherwise(request);
    return isObservableInput(result) ? from(result) : of(result);
  };

  return (request) => {
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') return statusResponse(405, { allow: 'GET, HEAD' });
    const path = withoutQuery(request.path);
    if (!path.startsWith(prefix)) return otherwise?.(request) ?? statusResponse(404);
    const file = resolveFilePath(path.slice(prefix.length - 1), dotFiles);
    if (file === 400) return statusResponse(400);
    if (file === 404) return otherwise?.(request) ?? statusResponse(404);
    const found = file.folder || file.names.length === 0 ? answerFolder : answerFile;
    return defer(() => found(directory, request, file)).pipe(
      catchError((error: { code?: string }) => {
        const { code = '' } = error;
        if (NOT_THERE.has(code)) return missing(request);
        if (NOT_ALLOWED.has(code)) return of(statusResponse(403));
        return EXHAUSTED.has(code) ? of(statusResponse(503, { 'retry-after': '1' })) : throwError(() => error);
      }),
    );
  };
}

function answerFile(
  directory: ResolvedDirectory,
  request: ServerRequest,
  { names }: FilePath,
): Observable<ServerResponse> {
  const path = join(directory.root, ...names);
  return openFile(path, directory.root, WHOLE).pipe(
    concatMap((file) => {
      if (file.stats.isDirectory()) return of(redirectToFolder(request));
      return send(directory, request, names, path, file);
    }),
  );
}

/** The index, where there is one; else a list, or nothing. */
function answerFolder(
  directory: ResolvedDirectory,
  request: ServerRequest,
  { names }: FilePath,
): Observable<ServerResponse> {
  const { root, index, listing, dotFiles, maxEntries } = directory;
  const path = join(root, ...names);
  const [name, ...others] = index;
  if (name !== undefined) {
    const indexPath = join(path, name);
    return openFile(indexPath, root, WHOLE).pipe(
      concatMap((file) => send(directory, request, [...names, name], indexPath, file)),
      catchError((error: { code?: string }) => {
        if (!NOT_THERE.has(error.code ?? '')) return throwError(() => error);
        return answerFolder({ ...directory, index: others }, request, { names, folder: true });
      }),
    );
  }
  return openFile(path, root, 0).pipe(
    concatMap(({ path: real, stats }) => {
      if (!stats.isDirectory()) return throwError(() => new NotAFileError());
      if (!listing) return of(statusResponse(403));
      return listFolder(real, `/${names.join('/')}`, names.length === 0, dotFiles, maxEntries);
    }),
  );
}

/** Neither a file nor a folder, or not the one that was asked for. */
class NotAFileError extends Error {
  readonly code = 'ENOENT';
}

function send(
  directory: ResolvedDirectory,
  request: ServerRequest,
  names: readonly string[],
  path: string,
  file: OpenedFile,
): Observable<ServerResponse> {
  if (!file.stats.isFile()) return throwError(() => new NotAFileError());
  const { types, precompressed, cacheControl, maxRanges, scheduler } = directory;
  const shared = { contentType: mediaTypeOf(path, types), maxRanges, now: scheduler.now() };
  const fields = { 'x-content-type-options': 'nosniff', 'cache-control': cacheControl(names.join('/')) };
  if (precompressed.length === 0) return of(fileResponse(request, file, { ...shared, fields }));
  const varying = { ...fields, vary: 'accept-encoding' };
  return codedFile(directory, request, path, precompressed).pipe(
    map((coded) =>
      coded === undefined
        ? fileResponse(request, file, { ...shared, fields: varying })
        : fileResponse(request, coded.file, { ...shared, fields: { ...varying, 'content-encoding': coded.coding } }),
    ),
  );
}

interface CodedFile {
  readonly coding: ContentCoding;
  readonly file: OpenedFile;
}

/** The file beside this one in the coding the client likes best, of those that are there. */
function codedFile(
  directory: ResolvedDirectory,
  request: ServerRequest,
  path: string,
  codings: readonly ContentCoding[],
): Observable<CodedFile | undefined> {
  const coding = negotiateCoding(request.fields, codings);
  if (coding === undefined) return of(undefined);
  const next = (): Observable<CodedFile | undefined> =>
    codedFile(
      directory,
      request,
      path,
      codings.filter((one) => one !== coding),
    );
  return openFile(path + ENDINGS[coding], directory.root, WHOLE).pipe(
    concatMap((file) => (file.stats.isFile() ? of({ coding, file }) : next())),
    catchError(next),
  );
}

/** To the same place with a slash, which relative links need; the path was checked, so it cannot lead to another host. */
function redirectToFolder({ path }: ServerRequest): ServerResponse {
  const plain = withoutQuery(path);
  return statusResponse(301, { location: `${plain}/${path.slice(plain.length)}` });
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}
