import { formatHttpDate } from '../../operators/http/date.js';
import type { Deadline, Deadlines } from '../connections/timeouts.js';

const NAME = 'date: ';

/** The Date field line (RFC 9110 §6.6.1), made once a second, and only in those in which it is asked for. */
export class DateLine {
  readonly #deadlines: Deadlines;
  readonly #over: Deadline;
  readonly #sent: boolean;
  #line = '';

  /** @param sent without it, the line is empty. */
  constructor(deadlines: Deadlines, sent: boolean) {
    this.#deadlines = deadlines;
    this.#sent = sent;
    this.#over = deadlines.create(() => {
      this.#line = '';
    });
  }

  /** With its CRLF. */
  get text(): string {
    if (this.#line === '' && this.#sent) this.#make();
    return this.#line;
  }

  /** Without name and CRLF. */
  get value(): string {
    return this.text.slice(NAME.length, -2);
  }

  #make(): void {
    const now = this.#deadlines.now();
    this.#line = `${NAME}${formatHttpDate(now)}\r\n`;
    this.#over.arm(1000 - (now % 1000));
  }
}
