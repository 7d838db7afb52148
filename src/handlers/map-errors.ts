import { isFinal, type ServerResponse } from '../server/server-response.js';
import type { ServerRequest } from '../server/server-request.js';
import { errorStatus } from './error-status.js';
import type { HandlerOperator } from './handler-operator.js';
import { mapResponse } from './map-response.js';
import { statusResponse } from './status-response.js';

/** What an error is answered with: a response, a status alone, or undefined to leave it to others. */
export type ErrorResponse = (error: unknown, request: ServerRequest) => ServerResponse | number | undefined;

/**
 * Answers the errors of a handler, in one place: with what `map` says, else by their type. A `ProtocolError` of the client's making gives its
 * `wireCode`; towards others, a `TimeoutError` is 504, a `NetworkError` or a malformed response 502. The answer is the status and its reason;
 * nothing of the error is told. Any other error goes on: the server answers 500, and tells it on `events$`.
 *
 * What fails after the final response was given, a body for instance, cannot be answered any more, and goes on too.
 *
 * @example
 * ```ts
 * import { mapErrors, serve } from 'rxweir';
 * const handler = mapErrors((error) => (error instanceof RangeError ? 404 : undefined))(() => {
 *   throw new RangeError('no such row');
 * });
 * serve({ port: 8080 }, handler).subscribe();
 * ```
 */
export function mapErrors(mapError: ErrorResponse = () => undefined): HandlerOperator {
  return (handler) => (request) => {
    let final = false;
    const see = (response: ServerResponse): ServerResponse => {
      final ||= isFinal(response);
      return response;
    };
    const answer = (error: unknown): ServerResponse => {
      const mapped = final ? undefined : (mapError(error, request) ?? errorStatus(error));
      if (mapped === undefined) throw error;
      return typeof mapped === 'number' ? statusResponse(mapped) : mapped;
    };
    try {
      return mapResponse(handler(request), see, answer);
    } catch (error) {
      return answer(error);
    }
  };
}
