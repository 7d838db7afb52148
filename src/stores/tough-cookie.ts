import type * as Library from 'tough-cookie';

let library: typeof Library | undefined;

/**
 * The library that knows how cookies are parsed and matched. It is loaded when there is a first cookie to look at: it
 * brings the public suffix list, a mebibyte of heap that most processes never ask for.
 */
export function toughCookie(): typeof Library {
  return (library ??= process.getBuiltinModule('node:module').createRequire(import.meta.url)(
    'tough-cookie',
  ) as typeof Library);
}
