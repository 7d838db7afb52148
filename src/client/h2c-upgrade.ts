import { Observable } from 'rxjs';
import { ClientConnection } from '../../operators/http1/client-connection.js';
import type { ByteSubject } from '../../operators/http1/detach.js';
import { settingsFrame } from '../../operators/http2/frames/settings-frame.js';
import { serializeFrame } from '../../operators/http2/frame.js';
import { FRAME_HEADER_LENGTH } from '../../operators/http2/frame-header.js';
import { type Settings, settingEntries } from '../../operators/http2/settings.js';
import type { ByteDuplex } from '../sockets/byte-duplex.js';
import type { Target } from './target.js';

/**
 * Asks a server to change to HTTP/2 (RFC 7540 §3.2) with an OPTIONS request of its own; the answer to that is of no
 * interest. Emits the bytes that are HTTP/2 from now on, or completes without: then the server goes on with HTTP/1, and the
 * connection is closed.
 */
export function upgradeToHttp2(
  socket: ByteDuplex,
  { authority }: Target,
  settings: Partial<Settings>,
): Observable<ByteSubject> {
  return new Observable((subscriber) => {
    const connection = new ClientConnection(socket, {
      available: () => undefined,
      closed: (error) => {
        if (connection.state === 'detached') return; // it has been upgraded
        if (error !== undefined) subscriber.error(error);
        else subscriber.complete();
      },
    });
    const done = (): void => {
      connection.close();
      subscriber.complete();
    };
    const exchange = connection.begin(
      {
        informational: nothing,
        head: nothing,
        data: nothing,
        settle: nothing,
        progress: nothing,
        released: nothing,
        end: done,
        upgraded: (stream) => {
          subscriber.next(stream);
          subscriber.complete();
        },
        failed: (error) => subscriber.error(error),
      },
      'OPTIONS',
      true,
    );
    connection.open();
    exchange.head(headText(authority, settings), 0, -1);
    return () => {
      if (!exchange.over) connection.fail(undefined);
    };
  });
}

function headText(authority: string, settings: Partial<Settings>): string {
  const payload = serializeFrame(settingsFrame(settingEntries(settings))).subarray(FRAME_HEADER_LENGTH);
  return (
    `OPTIONS * HTTP/1.1\r\nhost: ${authority}\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n` +
    `http2-settings: ${Buffer.from(payload).toString('base64url')}\r\n\r\n`
  );
}

function nothing(): void {
  // what the OPTIONS request is answered with
}
