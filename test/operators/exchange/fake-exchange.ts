import { EMPTY, Observable, of, type ObservableInput } from 'rxjs';
import { defer } from 'rxjs';
import type { ExchangeRequest, ReissuableResponse } from '../../../operators/exchange/exchange-request.js';
import { Fields, type FieldsInit } from '../../../operators/http/fields.js';

/** What a scripted server answers to a request. */
export interface Answer {
  readonly status?: number;
  readonly fields?: FieldsInit;
  readonly body?: Observable<Uint8Array>;
  readonly decoded?: boolean;
}

export interface FakeResponse extends ReissuableResponse<FakeResponse> {
  readonly status: number;
}

type Script = (request: ExchangeRequest, number: number) => Answer | Observable<Answer>;

/** A client without a network: requests go to a script, and what was sent is kept. */
export class FakeClient {
  readonly sent: ExchangeRequest[] = [];
  readonly #script: Script;

  constructor(script: Script) {
    this.#script = script;
  }

  request(request: ExchangeRequest): Observable<FakeResponse> {
    return defer(() => {
      this.sent.push(request);
      const answer = this.#script(request, this.sent.length - 1);
      const answers: ObservableInput<Answer> = answer instanceof Observable ? answer : of(answer);
      return new Observable<FakeResponse>((subscriber) =>
        (answers as Observable<Answer>).subscribe({
          next: (one) => subscriber.next(this.#respond(request, one)),
          error: (error) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
    });
  }

  /** The fields of request number `at`, as an object. */
  fields(at: number): Record<string, string> {
    return Object.fromEntries([...new Fields(this.sent[at]?.headers)].map(({ name, value }) => [name, value]));
  }

  #respond(
    request: ExchangeRequest,
    { status = 200, fields = {}, body = EMPTY, decoded = false }: Answer,
  ): FakeResponse {
    const url = new URL(request.url);
    url.username = url.password = url.hash = '';
    return {
      status,
      fields: new Fields(fields),
      url: url.href,
      body,
      decoded,
      request,
      reissue: (next) => this.request(next),
    };
  }
}

/** A redirect. */
export const to = (location: string, status = 302): Answer => ({ status, fields: { location } });
