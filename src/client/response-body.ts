import { Observable, type Subscriber } from 'rxjs';
import type { UnicastHooks } from '../../operators/core/unicast-subject.js';
import { UnicastSubject } from '../../operators/core/unicast-subject.js';
import { decodedBody, decodedFields } from '../../operators/body/decode-content.js';
import { Fields } from '../../operators/http/fields.js';
import { inflateTransferCoding } from '../../operators/http1/transfer-coding.js';

/** What comes after a response head: the body for its one consumer, and the trailers for whoever asks. Made when asked for. */
export class ResponseBody {
  #transferCoding = '';
  #declared = -1;
  readonly #hooks: UnicastHooks;
  /** They say what the content is coded in, where that is to be undone. */
  #coded: Fields | undefined;
  #subject: UnicastSubject<Uint8Array> | undefined;
  #ended = false;
  #error: unknown;
  #trailers: Fields | undefined;
  #waiting: Subscriber<Fields>[] | undefined;

  constructor(hooks: UnicastHooks) {
    this.#hooks = hooks;
  }

  /** The bytes, with any coding undone. */
  get bytes(): Observable<Uint8Array> {
    const subject = this.#make();
    const coded = this.#transferCoding === '' ? subject : subject.pipe(inflateTransferCoding(this.#transferCoding));
    return this.#coded === undefined ? coded : decodedBody(coded, this.#coded);
  }

  /**
   * What its head says of it. A transfer coding is undone on the way, and no longer said: whoever passes the response on passes what came out.
   *
   * @param declared bytes; -1 if it does not say
   */
  begin(fields: Fields, coding: string, declared: number): void {
    this.#declared = declared;
    this.#transferCoding = coding;
    if (coding !== '') fields.set('transfer-encoding', 'chunked');
  }

  /** The content is to be decoded; the fields as they then are. */
  decode(fields: Fields): Fields {
    this.#coded = fields;
    return decodedFields(fields);
  }

  get trailers(): Observable<Fields> {
    return new Observable((subscriber) => {
      if (!this.#ended) (this.#waiting ??= []).push(subscriber);
      else if (this.#error !== undefined) subscriber.error(this.#error);
      else {
        subscriber.next(this.#trailers ?? new Fields());
        subscriber.complete();
      }
    });
  }

  get claimed(): boolean {
    return this.#subject?.claimed === true;
  }

  /** Something has come, claimed or not. */
  get waiting(): boolean {
    return this.#subject !== undefined;
  }

  next(chunk: Uint8Array): void {
    this.#make().next(chunk);
  }

  /** No more will come: what nobody has claimed is kept, its credit given back. */
  settle(): void {
    if (this.#subject !== undefined && !this.#subject.claimed) this.#subject.settle();
  }

  complete(trailers: Fields | undefined): void {
    this.#ended = true;
    this.#trailers = trailers;
    for (const subscriber of this.#waiting ?? []) {
      subscriber.next(trailers ?? new Fields());
      subscriber.complete();
    }
    this.#subject?.complete();
  }

  error(error: unknown): void {
    this.#ended = true;
    this.#error = error;
    for (const subscriber of this.#waiting ?? []) subscriber.error(error);
    this.#subject?.error(error);
  }

  #make(): UnicastSubject<Uint8Array> {
    if (this.#subject !== undefined) return this.#subject;
    this.#subject = new UnicastSubject<Uint8Array>(this.#hooks, this.#declared);
    if (this.#error !== undefined) this.#subject.error(this.#error);
    else if (this.#ended) this.#subject.complete();
    return this.#subject;
  }
}
