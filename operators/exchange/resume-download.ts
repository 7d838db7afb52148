import {
  asyncScheduler,
  concat,
  defer,
  EMPTY,
  ignoreElements,
  type Observable,
  type OperatorFunction,
  type SchedulerLike,
  timer,
} from 'rxjs';
import { cancelBody } from '../body/cancel-body.js';
import { captureSubscriber, operate } from '../core/operate.js';
import { isUsageError, ProtocolError } from '../core/protocol-error.js';
import { Fields } from '../http/fields.js';
import { backoff, type BackoffConfig } from './backoff.js';
import { parseContentRange } from './content-range.js';
import type { ExchangeRequest, ReissuableResponse } from './exchange-request.js';
import { parseHttpDate } from './parse-http-date.js';

export interface ResumeDownloadConfig extends BackoffConfig {
  /** How often it is taken up again in all. Default 5. */
  readonly maxResumes?: number;
  /** Sees each attempt to take it up: at which byte, and the error before. */
  readonly onResume?: (resume: { readonly at: number; readonly error: unknown }) => void;
  /** Clock of the waits; default `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

const MAX_RESUMES = 5;

/** What is known of the representation, and must stay so. */
interface Download {
  readonly request: ExchangeRequest;
  /** For If-Range: a strong entity tag, else the date of the last change. Without one nothing can be taken up. */
  readonly validator: string | undefined;
  readonly etag: string | undefined;
  total: number | undefined;
  received: number;
  resumes: number;
}

/**
 * The body of a response, taken up where it broke off: with Range and If-Range (RFC 9110 §14), in one subscription, as long as the
 * server still has the same representation.
 *
 * ```text
 * body      ab-#             a failure at byte 2
 * the rest      --cd|        206 with Content-Range: bytes 2-3/4
 * result    ab----cd|
 * ```
 *
 * Only an answer of 200 to a GET can be taken up, if it names a strong entity tag, or a last change a second or more before its Date,
 * and its content was not decoded; of any other, errors pass. Ranges count the bytes that were sent: ask with `decompress: false`,
 * which asks for no coding either.
 *
 * Fails with `ProtocolError` of scope `message`: `DOWNLOAD_CHANGED` where the server has something else by now, `BAD_CONTENT_RANGE` for an
 * answer that is not the part asked for, `RESUME_REFUSED` for any other status. When there are no more tries, the last error of the body
 * passes.
 *
 * @example
 * ```ts
 * import { request } from 'rxweir';
 * import { resumeDownload, toFile } from 'rxweir/operators';
 * request({ url: 'http://127.0.0.1:8080/large.iso', decompress: false }).pipe(resumeDownload(), toFile('/tmp/large.iso')).subscribe();
 * ```
 */
export function resumeDownload<R extends ReissuableResponse<R>>(
  config: ResumeDownloadConfig = {},
): OperatorFunction<R, Uint8Array> {
  const { maxResumes = MAX_RESUMES, scheduler = asyncScheduler } = config;
  return operate((subscriber) => {
    let open = 0;
    let sourceDone = false;

    const done = (): void => {
      open--;
      if (sourceDone && open === 0) subscriber.complete();
    };
    const read = (body: Observable<Uint8Array>, download: Download, reissue: R['reissue']): void => {
      const reader = captureSubscriber<Uint8Array>({
        next(chunk) {
          download.received += chunk.length;
          subscriber.next(chunk);
        },
        error(error) {
          subscriber.remove(reader);
          takeUp(error, download, reissue);
        },
        complete() {
          subscriber.remove(reader);
          done();
        },
      });
      subscriber.add(reader);
      body.subscribe(reader);
    };
    const takeUp = (error: unknown, download: Download, reissue: R['reissue']): void => {
      if (download.validator === undefined || isUsageError(error) || download.resumes >= maxResumes) {
        subscriber.error(error);
        return;
      }
      download.resumes++;
      let wait: number;
      try {
        config.onResume?.({ at: download.received, error });
        wait = backoff(download.resumes, config);
      } catch (failure) {
        subscriber.error(failure);
        return;
      }
      const rest = concat(
        timer(wait, scheduler).pipe(ignoreElements()),
        defer(() => reissue(restOf(download))),
      );
      let answered = false;
      const next = captureSubscriber<R>({
        next(response) {
          answered = true;
          try {
            const body = checked(response, download);
            if (body === 'again') {
              cancelBody(response.body);
              takeUp(new ProtocolError('RESUME_REFUSED', `status ${response.status}`), download, reissue);
            } else read(body, download, (request) => response.reissue(request));
          } catch (failure) {
            cancelBody(response.body);
            subscriber.error(failure);
          }
        },
        error(failure) {
          subscriber.remove(next);
          takeUp(failure, download, reissue);
        },
        complete() {
          subscriber.remove(next);
          if (!answered) done();
        },
      });
      subscriber.add(next);
      rest.subscribe(next);
    };

    return {
      next(response) {
        open++;
        read(response.body, begin(response, scheduler.now()), (request) => response.reissue(request));
      },
      complete() {
        sourceDone = true;
        if (open === 0) subscriber.complete();
      },
    };
  });
}

function begin<R extends ReissuableResponse<R>>({ status, fields, request, decoded }: R, now: number): Download {
  const etag = fields.get('etag');
  const strong = etag !== undefined && !etag.startsWith('W/') ? etag : undefined;
  const asSent = decoded !== true && fields.get('accept-ranges') !== 'none'; // ranges count the bytes that were sent
  const whole = status === 200 && (request.method ?? 'GET') === 'GET' && asSent;
  const length = fields.get('content-length');
  return {
    request,
    validator: whole ? (strong ?? (etag === undefined ? strongDate(fields, now) : undefined)) : undefined,
    etag: strong,
    total: length === undefined ? undefined : Number(length),
    received: 0,
    resumes: 0,
  };
}

/** The date of the last change, if it tells: within the second of the answer it may have changed again (RFC 9110 §8.8.2.2). */
function strongDate(fields: Fields, now: number): string | undefined {
  const modified = fields.get('last-modified');
  const changed = parseHttpDate(modified ?? '', now);
  const answered = parseHttpDate(fields.get('date') ?? '', now);
  return changed !== undefined && answered !== undefined && answered - changed >= 1000 ? modified : undefined;
}

function restOf({ request, received, validator }: Download): ExchangeRequest {
  const headers = new Fields(request.headers).set('range', `bytes=${received}-`).set('if-range', validator as string);
  return { ...request, headers };
}

/** The body that goes on where the last one ended; `again` where the server had trouble and may be asked once more. */
function checked<R extends ReissuableResponse<R>>(
  { status, fields, body }: R,
  download: Download,
): Observable<Uint8Array> | 'again' {
  if (status === 429 || status >= 500) return 'again';
  const range = parseContentRange(fields.get('content-range'));
  const { received, etag } = download;
  if (status === 416 && range?.first === undefined && range?.total === received) {
    cancelBody(body);
    return EMPTY; // it broke off behind its last byte
  }
  const other = fields.get('etag');
  if (status === 200 || status === 412 || (etag !== undefined && other !== undefined && other !== etag)) {
    throw resumeFailure('DOWNLOAD_CHANGED', 'the server has another representation by now');
  }
  if (status !== 206) throw resumeFailure('RESUME_REFUSED', `the server answered ${status}`);
  const fits = range?.first === received && (download.total ?? range.total) === range.total;
  const length = fields.get('content-length');
  const long = range?.last === undefined ? NaN : range.last - received + 1;
  if (!fits || (length !== undefined && Number(length) !== long)) {
    throw resumeFailure('BAD_CONTENT_RANGE', 'the server answered with another part than was asked for');
  }
  if (range.total !== undefined && range.last !== range.total - 1) {
    throw resumeFailure('BAD_CONTENT_RANGE', 'the server answered with less than the rest');
  }
  download.total = range.total;
  return body;
}

function resumeFailure(code: string, why: string): ProtocolError {
  return new ProtocolError(code, `the download cannot be taken up: ${why}`, { scope: 'message' });
}
