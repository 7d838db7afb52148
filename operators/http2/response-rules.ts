/** The head of a response (RFC 9113 §8.3.2, §8.6). */
import { readContentLength } from './content-length.js';
import { checkFields, type FieldList, malformed, PseudoFields } from './field-rules.js';

/** The control data of a response, final or interim. */
export interface ResponseControl {
  readonly status: number;
  /** As declared; undefined if it was not. Bytes. */
  readonly contentLength: number | undefined;
}

const KNOWN: ReadonlySet<string> = new Set([':status']);

/**
 * Checks the head of a response and returns its control data. 101 has no meaning in HTTP/2 and is refused.
 *
 * @throws ProtocolError stream `PROTOCOL_ERROR` for anything that makes it malformed
 */
export function checkResponseFields(list: FieldList): ResponseControl {
  const pseudo = new PseudoFields(KNOWN);
  checkFields(list, pseudo.visit);
  const status = readStatus(pseudo.get(':status'));
  if (status === 101) throw malformed('101 in HTTP/2');
  return { status, contentLength: readContentLength(list) };
}

function readStatus(text: string | undefined): number {
  if (text === undefined) throw malformed('a response without a status');
  if (text.length !== 3) throw malformed('a status that is not three digits');
  let status = 0;
  for (let i = 0; i < 3; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) throw malformed('a status that is not three digits');
    status = status * 10 + digit;
  }
  if (status < 100 || status > 599) throw malformed(`there is no status ${status}`);
  return status;
}
