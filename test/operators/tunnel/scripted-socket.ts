import { Observable, Subject } from 'rxjs';
import { DuplexSubject } from '../../../operators/core/duplex-subject.js';

/** One end of a byte stream whose other end is the test. */
export class ScriptedSocket {
  /** What arrives. */
  readonly inbound = new Subject<Uint8Array>();
  readonly sent: Buffer[] = [];
  subscriptions = 0;
  released = 0;
  readonly socket: DuplexSubject<Uint8Array, Uint8Array, string>;

  constructor() {
    const source = new Observable<Uint8Array>((subscriber) => {
      this.subscriptions++;
      subscriber.add(() => this.released++);
      return this.inbound.subscribe(subscriber);
    });
    const destination = {
      next: (bytes: Uint8Array) => void this.sent.push(Buffer.from(bytes)),
      error: (error: unknown) => void this.sent.push(Buffer.from(`error ${String(error)}`)),
      complete: () => void this.sent.push(Buffer.from('complete')),
    };
    this.socket = new DuplexSubject(source, destination, 'info');
  }

  get text(): string {
    return Buffer.concat(this.sent).toString('latin1');
  }

  arrive(bytes: Uint8Array | string): void {
    this.inbound.next(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }
}
