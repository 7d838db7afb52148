import { reasonPhrase } from '../../operators/http/status.js';
import { HAS_CONTENT_TYPE, HAS_DATE, type PlainLines } from './plain-lines.js';

const TEXT_LINE = 'content-type: text/plain;charset=UTF-8\r\n';

/** Heads of plain responses, up to the length of the body; the last one is kept, since the next is mostly the same. */
export class PlainHead {
  #status = 0;
  #fields: PlainLines | undefined = undefined;
  #date = '';
  #text = false;
  #start = '';
  #flat = false;

  /**
   * Everything up to the value of Content-Length.
   *
   * @param date the Date line. @param text the body is text, and has a type unless the fields say so.
   */
  before(status: number, fields: PlainLines, date: string, text: boolean): string {
    if (status !== this.#status || fields !== this.#fields || date !== this.#date || text !== this.#text) {
      const { lines, has } = fields;
      const dateLine = (has & HAS_DATE) === 0 ? date : '';
      const typeLine = text && (has & HAS_CONTENT_TYPE) === 0 ? TEXT_LINE : '';
      this.#status = status;
      this.#fields = fields;
      this.#date = date;
      this.#text = text;
      this.#flat = false;
      this.#start = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${lines}${dateLine}${typeLine}content-length: `;
    } else if (!this.#flat) {
      // Worth a copy: a string put together of pieces is walked through at every use.
      this.#flat = true;
      this.#start = Buffer.from(this.#start, 'latin1').toString('latin1');
    }
    return this.#start;
  }
}
