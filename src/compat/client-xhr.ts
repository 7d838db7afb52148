import type { Subscription } from 'rxjs';
import type { BodySource } from '../../operators/body/body-source.js';
import { isTimeoutError, UsageError } from '../../operators/core/protocol-error.js';
import { Fields } from '../../operators/http/fields.js';
import { reasonPhrase } from '../../operators/http/status.js';
import type { Client } from '../client/client.js';
import type { ExchangeEvent } from '../client/exchange-event.js';
import type { RequestConfig } from '../client/request-config.js';
import { ProgressEvent } from './progress-event.js';
import { isResponseKind, type ResponseKind, XhrContent } from './xhr-content.js';

type Head = Extract<ExchangeEvent, { type: 'head' }>;

const UNSENT = 0;
const OPENED = 1;
const LOADING = 3;
const DONE = 4;

const NO_FIELDS = new Fields();

/**
 * As much of `XMLHttpRequest` as `ajax` of RxJS knows of, over a client: what its events tell is what has happened on the wire, one
 * `progress` for each piece. It does not block, and has no documents.
 */
export class ClientXhr extends EventTarget {
  readonly upload = new EventTarget();
  readyState = UNSENT;
  responseURL = '';
  /** Milliseconds in all; 0 is none. */
  timeout = 0;
  /** Cookies are the client's all the same, unless the request is foreign. */
  withCredentials = false;
  /** What went wrong, in our terms. */
  failure: unknown = undefined;
  readonly #client: Pick<Client, 'requestEvents'>;
  readonly #maxBytes: number;
  readonly #foreign: boolean;
  readonly #fields = new Fields();
  #method = 'GET';
  #url = '';
  #kind: ResponseKind = '';
  #exchange: Subscription | undefined;
  #head: Head | undefined;
  #content: XhrContent | undefined;
  #uploading = false;
  #uploaded = 0;

  /** @param foreign across domains: without credentials, no cookies are sent nor kept */
  constructor(client: Pick<Client, 'requestEvents'>, maxBytes: number, foreign: boolean) {
    super();
    this.#client = client;
    this.#maxBytes = maxBytes;
    this.#foreign = foreign;
  }

  get status(): number {
    return this.#content === undefined ? 0 : (this.#head?.status ?? 0);
  }

  get statusText(): string {
    return reasonPhrase(this.status);
  }

  get responseType(): string {
    return this.#kind;
  }

  set responseType(kind: string) {
    if (isResponseKind(kind)) this.#kind = kind; // others are ignored, as in a browser
  }

  get response(): unknown {
    if (this.#content !== undefined) return this.#content.value;
    return this.#kind === '' || this.#kind === 'text' ? '' : null;
  }

  get responseText(): string {
    return this.#content?.text ?? '';
  }

  /** There are no documents. */
  get responseXML(): null {
    return null;
  }

  /** @throws UsageError `INVALID_OPTION` for one that is to block */
  open(method: string, url: string, async = true, user?: string, password?: string): void {
    if (!async) throw new UsageError('INVALID_OPTION', 'async: false: nothing here blocks');
    this.#method = /^(delete|get|head|options|post|put)$/i.test(method) ? method.toUpperCase() : method;
    this.#url = user === undefined ? url : withUser(url, user, password ?? '');
    this.readyState = OPENED;
  }

  /** @throws UsageError `INVALID_FIELD_NAME`, `INVALID_FIELD_VALUE` */
  setRequestHeader(name: string, value: unknown): void {
    this.#fields.append(name, String(value));
  }

  getResponseHeader(name: string): string | null {
    return this.#answered.getCombined(name) ?? null;
  }

  /** One line for each name. */
  getAllResponseHeaders(): string {
    const names = new Set([...this.#answered].map(({ name }) => name));
    return [...names].sort().map((name) => `${name}: ${this.getResponseHeader(name)}`).join('\n'); // prettier-ignore
  }

  send(given?: unknown): void {
    const body = this.#method === 'GET' || this.#method === 'HEAD' ? undefined : bodyOf(given);
    const config: RequestConfig = {
      url: this.#url,
      method: this.#method,
      headers: this.#fields,
      body,
      timeout: this.timeout > 0 ? this.timeout : undefined,
      cookies: this.#foreign && !this.withCredentials ? false : undefined,
    };
    this.responseURL = this.#url;
    this.#uploading = body !== undefined;
    this.dispatchEvent(new ProgressEvent('loadstart'));
    if (this.#uploading) this.upload.dispatchEvent(new ProgressEvent('loadstart'));
    if (this.readyState !== OPENED) return; // whoever was told has given it up
    this.#exchange = this.#client.requestEvents(config).subscribe({
      next: (event) => this.#happened(event),
      error: (error: unknown) => this.#fail(error),
    });
    if (this.#done) this.#exchange.unsubscribe();
  }

  abort(): void {
    this.#exchange?.unsubscribe();
    if (this.readyState === UNSENT || this.readyState === DONE) return;
    this.#over('abort');
  }

  get #done(): boolean {
    return this.readyState === DONE;
  }

  get #answered(): Fields {
    return this.#content === undefined ? NO_FIELDS : (this.#head?.fields ?? NO_FIELDS);
  }

  #happened(event: ExchangeEvent): void {
    if (this.readyState === DONE) return;
    try {
      if (event.type === 'upload') this.#sending(event.bytes, event.total);
      else if (event.type === 'sent') this.#sent();
      else if (event.type === 'redirect') this.responseURL = event.to;
      else if (event.type === 'head') this.#head = event;
      else if (event.type === 'body') this.#receive(event.chunk);
      else if (event.type === 'end') this.#load();
    } catch (error) {
      this.#exchange?.unsubscribe();
      this.#fail(error);
    }
  }

  #sending(bytes: number, total = 0): void {
    this.#uploaded = bytes;
    this.upload.dispatchEvent(new ProgressEvent('progress', bytes, total));
  }

  #sent(): void {
    if (!this.#uploading) return;
    this.#uploading = false;
    for (const type of ['load', 'loadend']) {
      this.upload.dispatchEvent(new ProgressEvent(type, this.#uploaded, this.#uploaded));
    }
  }

  #receive(chunk: Uint8Array): void {
    const content = this.#began();
    content.push(chunk);
    this.dispatchEvent(new ProgressEvent('progress', content.bytes, this.#total));
  }

  /** The head was the last one: no redirect has come in its place. */
  #began(): XhrContent {
    if (this.#content !== undefined) return this.#content;
    this.readyState = LOADING;
    return (this.#content = new XhrContent(this.#kind, this.#head?.fields ?? NO_FIELDS, this.#maxBytes));
  }

  get #total(): number {
    return Number(this.#head?.fields.get('content-length') ?? 0);
  }

  #load(): void {
    const content = this.#began();
    content.end();
    this.readyState = DONE;
    for (const type of ['load', 'loadend']) {
      this.dispatchEvent(new ProgressEvent(type, content.bytes, this.#total));
    }
  }

  #fail(error: unknown): void {
    this.failure = error;
    this.#over(isTimeoutError(error) ? 'timeout' : 'error');
  }

  #over(type: 'abort' | 'error' | 'timeout'): void {
    this.readyState = DONE;
    this.#content = undefined; // there is no half an answer
    const lanes = this.#uploading ? [this.upload, this] : [this];
    this.#uploading = false;
    for (const lane of lanes) {
      lane.dispatchEvent(new ProgressEvent(type));
      lane.dispatchEvent(new ProgressEvent('loadend'));
    }
  }
}

function withUser(url: string, user: string, password: string): string {
  const parsed = new URL(url);
  parsed.username = user;
  parsed.password = password;
  return parsed.href;
}

/** What RxJS leaves as it is: everything else it has made text of. */
function bodyOf(given: unknown): BodySource | undefined {
  if (given === undefined || given === null) return undefined;
  if (given instanceof ArrayBuffer) return new Uint8Array(given);
  return given as BodySource;
}
