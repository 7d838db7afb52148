import { EMPTY, Observable } from 'rxjs';
import { discardBody } from '../../operators/exchange/discard-body.js';
import { isNetworkError, isProtocolError, isTimeoutError } from '../../operators/core/protocol-error.js';
import type { Fields } from '../../operators/http/fields.js';
import { isBodiless } from '../../operators/http/status.js';
import type { ByteSubject } from '../../operators/http1/detach.js';
import type { Informational } from '../client/exchange-event.js';
import type { RequestConfig } from '../client/request-config.js';
import type { Response } from '../client/response.js';
import { statusResponse } from '../handlers/status-response.js';
import type { ServerRequest } from '../server/server-request.js';
import type { ServerResponse } from '../server/server-response.js';
import { splice, type SpliceConfig } from './splice.js';

/** Makes a request; `request` itself, or a client's. */
export type MakeRequest = (config: RequestConfig) => Observable<Response>;

/** One request, as it is passed on. */
export interface Passage {
  readonly request: ServerRequest;
  /** What it becomes: all but body and trailers. */
  readonly config: RequestConfig;
  /** What is left of the trailers of the request, and of the response. */
  readonly trailersOf: { request(fields: Fields): Fields; response(fields: Fields): Fields };
  /** What is left of the fields of a response, interim ones included, which do not say their version. */
  readonly fieldsOf: (response: { readonly fields: Fields; readonly version?: string }) => Fields;
  /** A response that takes the exchange out of HTTP; undefined if it makes no sense. */
  readonly upgradeOf: (response: Response) => { readonly status: number; readonly fields: Fields } | undefined;
  readonly tunnels: SpliceConfig;
}

/**
 * Asks on behalf of a client: its body goes out as it comes in, and the answer comes back likewise, interim responses and trailers
 * included; who stops reading stops the other end. Who cannot be reached is 502, who does not answer 504 (RFC 9110 §15.6).
 */
export function passOn(make: MakeRequest, passage: Passage): Observable<ServerResponse> {
  const { request, config, fieldsOf, trailersOf } = passage;
  return new Observable((subscriber) => {
    let waiting: ByteSubject | undefined; // opened, and nobody has come for it yet
    const body = request.body === EMPTY || config.upgrade !== undefined ? undefined : request.body;
    let trailers: Fields | undefined;
    const onInformational = (interim: Informational): void => {
      if (interim.status > 101) subscriber.next({ status: interim.status, fields: fieldsOf(interim) });
    };
    const declared = request.fields.has('content-length');
    if (body !== undefined && !declared) {
      subscriber.add(
        request.trailers.subscribe({
          next: (fields) => {
            trailers = trailersOf.request(fields);
          },
          error: () => undefined, // the body tells it
        }),
      );
    }
    const answer = (response: Response): void => {
      if (response.upgraded === undefined) return subscriber.next(finalResponse(passage, response));
      const agreed = passage.upgradeOf(response);
      if (agreed === undefined) {
        response.upgraded.error(new Error('not an upgrade that was asked for'));
        return subscriber.next(statusResponse(502));
      }
      const { upgraded } = response;
      waiting = upgraded;
      subscriber.next({
        ...agreed,
        upgraded: (socket) => {
          waiting = undefined;
          return splice(socket, upgraded, passage.tunnels);
        },
      });
    };
    subscriber.add(
      make({
        ...config,
        body,
        trailers: body === undefined || declared ? undefined : () => trailers ?? [],
        onInformational,
        redirect: 'manual',
        decompress: false,
      }).subscribe({
        next: answer,
        error: (error: unknown) => {
          const status = gatewayStatus(error);
          if (status === undefined) return subscriber.error(error);
          subscriber.next(statusResponse(status));
          subscriber.complete();
        },
      }),
    );
    // It stays open until the exchange is over. A stream that nobody comes for is closed then; who does comes in the same turn.
    return () => {
      if (waiting === undefined) return;
      passage.tunnels.scheduler.schedule(() => waiting?.error(new Error('the client has gone')));
    };
  });
}

function finalResponse({ request, fieldsOf, trailersOf }: Passage, response: Response): ServerResponse {
  const { status, reason, body } = response;
  const fields = fieldsOf(response);
  const shared = { status, fields, ...(reason !== '' && { reason }) };
  if (request.method === 'HEAD' || isBodiless(status) || status === 205) {
    discardBody(body).subscribe();
    return shared;
  }
  if (fields.has('content-length')) return { ...shared, body };
  const mayTrail = response.version === '2' || response.fields.has('trailer');
  if (!mayTrail) return { ...shared, body };
  let trailers: Fields | undefined;
  response.trailers.subscribe({
    next: (received) => {
      trailers = trailersOf.response(received);
    },
    error: () => undefined, // the body tells it
  });
  return { ...shared, body, trailers: () => trailers ?? [] };
}

/** What became of the server that was asked; undefined where it is not to blame. 403: it is not to be asked. */
export function gatewayStatus(error: unknown): 403 | 502 | 503 | 504 | undefined {
  if (isTimeoutError(error)) return error.phase === 'queue' ? 503 : 504;
  if (isNetworkError(error)) return error.code === 'ADDRESS_REFUSED' ? 403 : 502;
  if (!isProtocolError(error)) return undefined;
  return error.code === 'QUEUE_LIMIT' ? 503 : 502;
}
