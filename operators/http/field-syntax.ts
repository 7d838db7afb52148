/** Character classes of RFC 9110 §5.6 and the checks built on them. No regular expression touches peer bytes. */

const TOKEN = 1;
const VALUE = 2;

/** Class bits by byte: {@link TOKEN} for tchar, {@link VALUE} for field-vchar, SP and HTAB. */
const CLASSES = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  CLASSES[char.charCodeAt(0)] = TOKEN;
}
for (let byte = 0x20; byte < 0x100; byte++) if (byte !== 0x7f) CLASSES[byte] = (CLASSES[byte] as number) | VALUE;
CLASSES[0x09] = VALUE;

export function isTokenByte(byte: number): boolean {
  return ((CLASSES[byte] as number) & TOKEN) !== 0;
}

export function isValueByte(byte: number): boolean {
  return ((CLASSES[byte] as number) & VALUE) !== 0;
}

/** RFC 9110 token, not empty; `from` skips a pseudo-field's colon. */
export function isToken(text: string, from = 0): boolean {
  if (text.length <= from) return false;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127 || !isTokenByte(code)) return false;
  }
  return true;
}

/** A field value: no CR, LF, NUL, other control bytes (HTAB is fine), nor code units above 255. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || !isValueByte(code)) return false;
  }
  return true;
}

/** Without the SP and HTAB around it (OWS); anything else at the ends stays, and is then refused. */
export function trimOws(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isOws(text.charCodeAt(start))) start++;
  while (end > start && isOws(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A request target or authority as it may stand on a request line: visible ASCII, no space. */
export function isRequestTarget(text: string): boolean {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return false;
  }
  return true;
}

/** One digit or more, and nothing else. */
export function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return text.length > 0;
}

/** The text itself if it is a token, a quoted-string if that can carry it, else undefined (control bytes). */
export function quoteIfNeeded(text: string): string | undefined {
  if (isToken(text)) return text;
  if (!isFieldValue(text)) return undefined;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Members of a comma-separated list, trimmed, empty ones dropped; commas inside quoted-strings do not split. */
export function splitList(value: string): string[] {
  const members: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i <= value.length; i++) {
    const char = i === value.length ? ',' : value[i];
    if (quoted && i < value.length) {
      if (char === '\\' && i + 1 < value.length) i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === ',') {
      const member = trimOws(value.slice(start, i));
      if (member !== '') members.push(member);
      start = i + 1;
    }
  }
  return members;
}
