import { Observable, type Subscriber, type TeardownLogic } from 'rxjs';
import type { RequestConfig } from './request-config.js';
import type { Response } from './response.js';

/** The response of a request that is made when this is subscribed to. It tells what it asks for, which `retryExchange` goes by. */
export class ResponseSource extends Observable<Response> {
  readonly request: RequestConfig;

  constructor(request: RequestConfig, ask: (subscriber: Subscriber<Response>) => TeardownLogic) {
    super(ask);
    this.request = request;
  }
}
