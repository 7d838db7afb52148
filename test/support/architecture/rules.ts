import { isBuiltin } from 'node:module';
import type { ImportOf, Module } from './modules.js';

/** Each rule looks at all modules and says, in words, what breaks it; no words, no breach. */
type Rule = (modules: readonly Module[]) => string[];

const LINES_PER_ROOM = 300;
const BARRELS = new Set(['src/index.ts', 'src/operators.ts', 'src/testing/index.ts', 'operators/index.ts']);

/** Which folders a folder may import from, besides itself. A folder that is not here may not exist. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'operators/core': [],
  'operators/http': ['operators/core'],
  'operators/hpack': ['operators/core', 'operators/http'], // it codes lists of fields
  'operators/http1': ['operators/core', 'operators/http'],
  'operators/http2': ['operators/core', 'operators/http', 'operators/hpack'],
  'operators/websocket': ['operators/core', 'operators/http'],
  'operators/body': ['operators/core', 'operators/http'],
  'operators/exchange': ['operators/core', 'operators/http', 'operators/body'],
  'operators/tunnel': ['operators/core', 'operators/http', 'operators/http1'], // CONNECT is a message of HTTP/1
  'operators/proxy-protocol': ['operators/core', 'operators/http'],
  'src/sockets': ['operators/core', 'operators/proxy-protocol'],
  'src/stores': ['operators/core', 'operators/http'],
  'src/body': ['operators/*'],
  'src/connections': ['operators/*', 'src/body', 'src/sockets', 'src/stores'],
  'src/client': ['operators/*', 'src/body', 'src/sockets', 'src/stores', 'src/connections'],
  'src/server': ['operators/*', 'src/body', 'src/sockets', 'src/stores', 'src/connections'],
  'src/handlers': ['operators/*', 'src/sockets', 'src/connections', 'src/server'], // handlers made of handlers, files and events
  'src/proxy': ['operators/*', 'src/sockets', 'src/connections', 'src/client', 'src/server', 'src/handlers'], // a proxy is both
  'src/testing': ['operators/*', 'src/sockets', 'src/connections'],
  'src/compat': ['operators/*', 'src/client', 'src/server'],
};

/** Built-ins of Node an operator may use, besides rxjs: they compute and do not wait. */
const BUILTINS_OF_OPERATORS: Readonly<Record<string, readonly string[]>> = {
  'operators/core': ['node:stream', 'node:stream/web', 'node:crypto', 'node:zlib'], // the last two: when they are needed
  'operators/http1': ['node:zlib'],
  'operators/http2': ['node:crypto'],
  'operators/websocket': ['node:zlib', 'node:buffer'],
  'operators/body': ['node:zlib', 'node:stream'],
  'operators/exchange': ['node:crypto'],
};

/** The network: these stay in src/sockets. */
const SOCKET_BUILTINS = new Set(['node:net', 'node:tls', 'node:dns', 'node:dns/promises', 'node:dgram']);
/** The network again, but already spoken for: nowhere. */
const FOREIGN_BUILTINS = new Set(['node:http', 'node:https', 'node:http2', 'node:timers', 'node:timers/promises']);

/**
 * Where a promise is the point. Elsewhere everything that waits is an Observable.
 * One line per file: the path and why.
 */
const PROMISE_EXITS: Readonly<Record<string, string>> = {
  'src/server/running-handlers.ts': 'a handler that answers with a promise runs until that settles, whoever listens',
  'src/handlers/map-response.ts':
    'what a handler has promised stays a promise, so that it counts as running until it settles',
  'operators/core/iterate.ts': 'for await: an async iterator answers with promises',
  'src/compat/fetch.ts': 'fetch answers with a promise',
  'src/compat/known-body.ts': 'the body of a Request is a web stream, whose reader answers with promises',
  'src/compat/pump.ts': 'sources, sinks and steps of LTN12 block in Lua; here they answer later',
  'src/compat/socket.ts': 'a request blocks in Lua; here it answers with a promise',
};

/** Where a bare clock or timer is the point. */
const CLOCK_EXITS: Readonly<Record<string, string>> = {
  'src/sockets/turn.ts': 'it measures what work costs, and waits for nothing by it',
};

function folderOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

function isSource(path: string): boolean {
  return path.startsWith('operators/') || path.startsWith('src/');
}

function eachImport(
  modules: readonly Module[],
  breach: (module: Module, one: ImportOf) => string | undefined,
): string[] {
  return modules.flatMap((module) => module.imports.flatMap((one) => breach(module, one) ?? []));
}

/** Folders import downwards only, so protocols do not know each other, nor do client and server. */
const importsFollowTheLayers: Rule = (modules) =>
  eachImport(modules, ({ path }, { target }) => {
    if (target === undefined || BARRELS.has(path)) return undefined;
    const [from, to] = [folderOf(path), folderOf(target)];
    const allowed = LAYERS[from];
    if (allowed === undefined) return `${path}: ${from} has no place in the table of layers`;
    if (from === to || allowed.includes(to)) return undefined;
    if (allowed.includes('operators/*') && to.startsWith('operators/')) return undefined;
    return `${path} imports ${target}`;
  });

/** Operators compute: rxjs, and the few built-ins that neither wait nor touch the world. */
const operatorsImportNoWorld: Rule = (modules) =>
  eachImport(modules, ({ path }, { specifier, target }) => {
    if (!path.startsWith('operators/') || target !== undefined || isRxjs(specifier)) return undefined;
    return BUILTINS_OF_OPERATORS[folderOf(path)]?.includes(specifier) ? undefined : `${path} imports ${specifier}`;
  });

/** Libraries that know better than we would, each where it is wrapped. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  'src/sockets': ['@peculiar/asn1-x509', '@peculiar/asn1-schema'], // how a certificate is written
  'src/stores': ['tough-cookie'], // how cookies are parsed and matched, and the public suffix list
};

/** Only src/sockets touches the network, and nothing but rxjs, Node and the libraries above is needed at run time. */
const onlySocketsTouchTheNetwork: Rule = (modules) =>
  eachImport(modules, ({ path }, { specifier, target }) => {
    if (!path.startsWith('src/') || target !== undefined || isRxjs(specifier)) return undefined;
    if (LIBRARIES[folderOf(path)]?.includes(specifier) === true) return undefined;
    if (RXJS_ENTRIES[folderOf(path)]?.includes(specifier) === true) return undefined;
    const builtin = isBuiltin(specifier) && specifier.startsWith('node:') && !FOREIGN_BUILTINS.has(specifier);
    const reaches = SOCKET_BUILTINS.has(specifier) && !path.startsWith('src/sockets/');
    return builtin && !reaches ? undefined : `${path} imports ${specifier}`;
  });

/** Whose behaviour an entry promises: it is RxJS's own, over a client of ours. */
const RXJS_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  'src/compat': ['rxjs/ajax', 'rxjs/webSocket'],
};

function isRxjs(specifier: string): boolean {
  return specifier === 'rxjs' || specifier === 'rxjs/testing';
}

/** A store sees types of connections, clients and servers at most: of values, errors and the syntax of fields. */
const storesStandAlone: Rule = (modules) =>
  eachImport(modules, ({ path }, { target, typeOnly }) => {
    if (!path.startsWith('src/stores/') || target === undefined || typeOnly) return undefined;
    const below = /^(src\/stores|operators\/core|operators\/http)\//.test(target);
    return below ? undefined : `${path} imports values of ${target}`;
  });

/** A table of states is data: of values it may import only what compiles it. */
const stateTablesImportTypesOnly: Rule = (modules) =>
  eachImport(modules, ({ path }, { specifier, target, typeOnly }) => {
    if (!/^operators\/.*\b(state|states|state-table)\.ts$/.test(path) || typeOnly) return undefined;
    return target?.startsWith('operators/core/') ? undefined : `${path} imports values of ${target ?? specifier}`;
  });

/** `connection.ts` is the junction: its own folder is below it, not beside it. */
const nothingIsBuiltOnTheJunction: Rule = (modules) =>
  eachImport(modules, ({ path }, { target }) => {
    if (!/^operators\/[^/]+\/connection\.ts$/.test(target ?? '') || BARRELS.has(path)) return undefined;
    return path.startsWith('operators/') ? `${path} imports ${target}` : undefined;
  });

/** Inside, a name is imported from the room that makes it. */
const nothingImportsABarrel: Rule = (modules) =>
  eachImport(modules, ({ path }, { specifier, target }) => {
    if (BARRELS.has(path) || !isSource(path)) return undefined;
    const barrel = target === undefined ? /^rxweir(\/|$)/.test(specifier) : isBarrel(target);
    return barrel ? `${path} imports ${target ?? specifier}` : undefined;
  });

function isBarrel(path: string): boolean {
  return BARRELS.has(path) || path.endsWith('/index.ts');
}

/** A barrel belongs to an entry of the package; other folders have none. */
const noPrivateBarrels: Rule = (modules) =>
  modules
    .filter(({ path }) => isBarrel(path) && !BARRELS.has(path))
    .map(({ path }) => `${path} is a barrel of no entry`);

/** Sources know nothing of tests and examples. */
const nothingImportsTests: Rule = (modules) =>
  eachImport(modules, ({ path }, { target }) => {
    if (target === undefined || !isSource(path)) return undefined;
    return isSource(target) ? undefined : `${path} imports ${target}`;
  });

/** No module can reach itself through imports that remain at run time. */
const noCycles: Rule = (modules) => {
  const next = new Map(modules.map(({ path, imports }) => [path, imports.filter(({ typeOnly }) => !typeOnly)]));
  const finished = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(' -> '));
    if (start >= 0 || finished.has(path)) return;
    for (const { target } of next.get(path) ?? []) if (target !== undefined) visit(target, [...trail, path]);
    finished.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return found;
};

/** One file, one purpose. */
const roomsAreSmall: Rule = (modules) =>
  modules
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > LINES_PER_ROOM)
    .map(({ path, lines }) => `${path} has ${lines} lines`);

const PROMISES = /^(new Promise|Promise\.\w+|async|await|\.then|firstValueFrom|lastValueFrom)$/;
/** Deferring is for connections to decide (they write once per turn); telling time and waiting need a scheduler everywhere. */
const DEFERRING = /^(setImmediate|clearImmediate|queueMicrotask|process\.nextTick)$/;
const CHANCE = /^(Math\.random|random\w+|crypto\.\w+)$/;

function used(modules: readonly Module[], root: string, forbidden: (use: string) => boolean): string[] {
  return modules
    .filter(({ path }) => path.startsWith(root))
    .flatMap(({ path, uses }) => [...uses].filter(forbidden).map((use) => `${path} uses ${use}`));
}

/** No promise is made or awaited inside, but at the exits listed above. */
const noPromises: Rule = (modules) =>
  used(
    modules.filter(({ path }) => PROMISE_EXITS[path] === undefined),
    '',
    (use) => PROMISES.test(use),
  );

/** Operators are told the time and handed their random bytes. */
const operatorsHaveNoClockAndNoChance: Rule = (modules) => used(modules, 'operators/', (use) => !PROMISES.test(use));

/** In src time comes from a scheduler too; `setImmediate` and its like are left, and so is chance. */
const everyTimerTakesAScheduler: Rule = (modules) =>
  used(
    modules.filter(({ path }) => CLOCK_EXITS[path] === undefined),
    'src/',
    (use) => !PROMISES.test(use) && !DEFERRING.test(use) && !CHANCE.test(use),
  );

/** An exit nobody uses any more is a hole. */
const exitsAreUsed: Rule = (modules) =>
  modules
    .filter(({ path }) => PROMISE_EXITS[path] !== undefined)
    .filter(({ uses }) => ![...uses].some((use) => PROMISES.test(use)))
    .map(({ path }) => `${path} makes no promise`);

export const rules = {
  importsFollowTheLayers,
  operatorsImportNoWorld,
  onlySocketsTouchTheNetwork,
  storesStandAlone,
  stateTablesImportTypesOnly,
  nothingIsBuiltOnTheJunction,
  nothingImportsABarrel,
  noPrivateBarrels,
  nothingImportsTests,
  noCycles,
  roomsAreSmall,
  noPromises,
  operatorsHaveNoClockAndNoChance,
  everyTimerTakesAScheduler,
  exitsAreUsed,
};
