import { lookup } from 'node:dns';
import { chmodSync } from 'node:fs';
import { createServer, isIP, type ListenOptions } from 'node:net';
import { concat, concatMap, Observable } from 'rxjs';
import { UsageError } from '../../operators/core/protocol-error.js';
import { networkError } from './network-error.js';
import type { ListenConfig, Listener } from './network.js';
import { NodeListener } from './node-listener.js';
import { bareHost } from './socket-info.js';
import { unlinkStaleSocket } from './unix.js';

/** Listens as `Network.listen` describes. */
export function listen(config: ListenConfig): Observable<Listener> {
  const { path, unlinkStale, host, family, fd } = config;
  if (fd !== undefined) return bind(config);
  if (path !== undefined) return unlinkStale === true ? concat(unlinkStaleSocket(path), bind(config)) : bind(config);
  if (host === undefined || family === undefined) return bind(config, host);
  return resolveHost(bareHost(host), family).pipe(concatMap((address) => bind(config, address)));
}

/** The address of that family a name stands for. */
function resolveHost(host: string, family: 4 | 6): Observable<string> {
  return new Observable((subscriber) => {
    lookup(host, { family }, (error, address) => {
      if (error) return subscriber.error(networkError(error, 'resolve'));
      if (isIP(address) !== family) {
        return subscriber.error(new UsageError('INVALID_OPTION', `${host} is no address of family ${family}`));
      }
      subscriber.next(address);
      subscriber.complete();
    });
  });
}

function bind(config: ListenConfig, host?: string): Observable<Listener> {
  return new Observable<Listener>((subscriber) => {
    let bound = false;
    const fail = (error: unknown): void => subscriber.error(networkError(error, 'listen'));
    let modeSet = false;
    const setMode = (): void => {
      if (config.path !== undefined && config.mode !== undefined && !modeSet) chmodSync(config.path, config.mode);
      modeSet = true;
    };
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    subscriber.add(() => {
      if (!bound) server.close();
    });
    server.on('error', fail);
    try {
      server.listen(listenOptions(config, host));
      if (server.listening) setMode(); // a path is bound within the call, unless a cluster's primary does it
    } catch (error) {
      return fail(error);
    }
    server.on('listening', () => {
      server.off('error', fail);
      try {
        setMode();
      } catch (error) {
        return fail(error);
      }
      let listener: NodeListener;
      try {
        listener = new NodeListener(server, config);
      } catch (error) {
        return fail(error);
      }
      bound = true;
      subscriber.next(listener);
      subscriber.complete();
    });
    return undefined;
  });
}

function listenOptions(config: ListenConfig, host: string | undefined): ListenOptions {
  const { port = 0, path, fd, family, ipv6Only, backlog, exclusive, reusePort } = config;
  if (reusePort === true && !hasReusePort()) {
    throw new UsageError('UNSUPPORTED_OPTION', `reusePort needs Node.js 22.12 or later, not ${process.version}`);
  }
  const shared = { backlog, exclusive };
  if (fd !== undefined) return { ...shared, fd } as ListenOptions; // missing from the types
  if (path !== undefined) return { ...shared, path };
  const all = family === undefined ? undefined : family === 4 ? '0.0.0.0' : '::';
  return {
    ...shared,
    host: host === undefined ? all : bareHost(host),
    port,
    ipv6Only,
    ...(reusePort !== undefined && { reusePort }),
  };
}

function hasReusePort(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
