import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { Observable } from 'rxjs';
import { connectionLost, networkError } from './network-error.js';

/** For streams whose owner has gone: an error without a listener would end the process. */
export function ignoreErrors(): void {
  // there is nobody left to tell
}

/** Connects; emits the socket, unread, and completes. Unsubscribing before that destroys it. */
export function openSocket(options: NetConnectOpts): Observable<Socket> {
  return new Observable((subscriber) => {
    let socket: Socket;
    try {
      socket = connect({ ...options, noDelay: true, allowHalfOpen: true });
    } catch (error) {
      return subscriber.error(networkError(error, 'connect'));
    }
    socket.pause();
    let connected = false;
    const onConnect = (): void => {
      connected = true;
      socket.off('connect', onConnect).off('error', onError).off('close', onClose);
      subscriber.next(socket);
      subscriber.complete();
    };
    const onError = (error: unknown): void => subscriber.error(networkError(error, 'connect'));
    const onClose = (): void => subscriber.error(connectionLost('connect'));
    socket.on('connect', onConnect).on('error', onError).on('close', onClose).on('error', ignoreErrors);
    return () => {
      if (!connected) socket.destroy();
    };
  });
}
