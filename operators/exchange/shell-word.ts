/** Text and bytes as a POSIX shell reads them back (XCU §2.2). */

/** One word, in single quotes where it has to be. */
export function shellWord(text: string): string {
  return isPlain(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A format for `printf` that writes these bytes, whatever they are: ASCII as it is, the rest in octal. So is a dash in front, which would
 * be an option.
 */
export function printfWord(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const dash = text === '' && byte === 0x2d;
    if (byte === 0x25) text += '%%';
    else if (byte >= 0x20 && byte < 0x7f && byte !== 0x5c && !dash) text += String.fromCharCode(byte);
    else text += `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A field as an argument of curl's `-H`. One without a value ends in a semicolon; bytes beyond ASCII, which are Latin-1 on the wire, are
 * written by `printf`, since the shell's own text is UTF-8.
 */
export function fieldWord(name: string, value: string): string {
  if (value === '') return shellWord(`${name};`);
  const line = `${name}: ${value}`;
  const latin1 = Buffer.from(line, 'latin1');
  return latin1.every((byte) => byte < 0x80) ? shellWord(line) : `"$(printf ${printfWord(latin1)})"`;
}

/** Letters, digits and what no shell looks at. */
function isPlain(text: string): boolean {
  for (const char of text) {
    const code = char.charCodeAt(0);
    const letter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (!letter && !(code >= 0x30 && code <= 0x39) && !'-._/:,+@%='.includes(char)) return false;
  }
  return text !== '';
}
