import { realpathSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { CONTENT_CODINGS, type ContentCoding } from '../../operators/body/content-coding.js';
import { UsageError } from '../../operators/core/protocol-error.js';
import type { Handler } from '../server/respond-context.js';

export interface ServeDirectoryConfig {
  /** Beginning of the request paths it answers, with a slash at its end; what follows is looked for in the folder. Default `/`. */
  readonly prefix?: string;
  /** Files that stand for their folder, the first that is there; default `index.html`. */
  readonly index?: readonly string[];
  /** Lists folders that have no index; default false: they are 403. */
  readonly listing?: boolean;
  /** Names of a folder that are listed at most; default 1000. */
  readonly maxEntries?: number;
  /** Names that begin with a dot are files like others; default false: they are not there, but for `.well-known`. */
  readonly dotFiles?: boolean;
  /** Media types by ending (`{ md: 'text/markdown' }`), before those that are known. */
  readonly types?: Readonly<Record<string, string>>;
  /** Value of Cache-Control, or what gives it for the path below the folder; default none. */
  readonly cacheControl?: string | ((path: string) => string | undefined);
  /** Codings whose files lie beside the originals (`style.css.br`, `.zst`, `.gz`) and are sent to who takes them. Default none. */
  readonly precompressed?: readonly ContentCoding[];
  /** Parts of one request; one that asks for more gets the whole. Default 16. */
  readonly maxRanges?: number;
  /** Answers what is not there; default 404. */
  readonly otherwise?: Handler;
  /** Clock that tells how old a file is; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** A {@link ServeDirectoryConfig} with its defaults, checked. */
export interface ResolvedDirectory extends Required<Omit<ServeDirectoryConfig, 'otherwise' | 'cacheControl'>> {
  /** Real path. */
  readonly root: string;
  readonly cacheControl: (path: string) => string | undefined;
  readonly otherwise: Handler | undefined;
}

/** @throws `UsageError` `INVALID_OPTION` */
export function resolveDirectory(folder: string | URL, config: ServeDirectoryConfig): ResolvedDirectory {
  const { prefix = '/', maxRanges = 16, maxEntries = 1000, precompressed = [], cacheControl } = config;
  if (!prefix.startsWith('/') || !prefix.endsWith('/')) throw invalid('prefix: a path between slashes');
  if (!(maxRanges >= 1)) throw invalid('maxRanges: a number of at least 1');
  if (!(maxEntries >= 0)) throw invalid('maxEntries: a number of at least 0');
  const unknown = precompressed.find((coding) => !CONTENT_CODINGS.includes(coding));
  if (unknown !== undefined) throw invalid(`precompressed: this Node has no ${unknown}`);
  return {
    root: rootOf(folder),
    prefix,
    maxRanges,
    maxEntries,
    precompressed,
    cacheControl: typeof cacheControl === 'function' ? cacheControl : () => cacheControl,
    index: config.index ?? ['index.html'],
    listing: config.listing ?? false,
    dotFiles: config.dotFiles ?? false,
    types: config.types ?? {},
    otherwise: config.otherwise,
    scheduler: config.scheduler ?? asyncScheduler,
  };
}

/** Once, while the server is being set up: a folder that is not there is better told then. */
function rootOf(folder: string | URL): string {
  try {
    const root = realpathSync.native(folder instanceof URL ? fileURLToPath(folder) : folder);
    if (statSync(root).isDirectory()) return root;
  } catch {
    // said below
  }
  throw invalid(`${String(folder)} is no folder`);
}

function invalid(message: string): UsageError {
  return new UsageError('INVALID_OPTION', message);
}
