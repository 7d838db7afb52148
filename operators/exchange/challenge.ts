/** Reads WWW-Authenticate and Proxy-Authenticate (RFC 9110 §11.6.1): challenges of any scheme, several to a line. */
import { isToken, trimOws } from '../http/field-syntax.js';

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name in lower case, quotes and escapes undone. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The challenges of all lines. What is malformed ends the line it is in; what came before it counts. */
export function parseChallenges(lines: readonly string[]): Challenge[] {
  return lines.flatMap((line) => parseLine(line));
}

function parseLine(line: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const member of splitMembers(line)) {
    const space = member.indexOf(' ');
    const equals = member.indexOf('=');
    const named = equals >= 0 && isToken(trimOws(member.slice(0, equals))); // there may be space before its `=`
    const opens = equals < 0 || (!named && space >= 0 && space < equals && isToken(member.slice(0, space)));
    if (opens) {
      const scheme = space < 0 ? member : member.slice(0, space);
      if (!isToken(scheme)) break;
      found.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
      if (space < 0) continue;
    }
    const current = found.at(-1);
    if (current === undefined) break;
    const parameter = trimOws(opens ? member.slice(space + 1) : member);
    const at = parameter.indexOf('=');
    const name = trimOws(parameter.slice(0, Math.max(0, at))).toLowerCase();
    const value = unquoted(trimOws(parameter.slice(at + 1)));
    if (!isToken(name) || value === undefined || current.parameters.has(name)) {
      if (opens && !parameter.includes('"')) continue; // token68: a challenge without parameters
      if (opens) found.pop();
      break;
    }
    current.parameters.set(name, value);
  }
  return found;
}

/** The parameters of a field that has nothing else, such as Authentication-Info; undefined where it is malformed. */
export function parseParameters(value: string): ReadonlyMap<string, string> | undefined {
  return parseLine(`x ${value}`)[0]?.parameters;
}

/** Cuts at commas outside quotes, and drops what is empty. */
function splitMembers(line: string): string[] {
  const members: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i <= line.length; i++) {
    const char = line[i];
    if (quoted && char === '\\') i++;
    else if (char === '"') quoted = !quoted;
    else if (i === line.length || (char === ',' && !quoted)) {
      const member = trimOws(line.slice(start, i));
      if (member !== '') members.push(member);
      start = i + 1;
    }
  }
  return members;
}

function unquoted(text: string): string | undefined {
  if (!text.startsWith('"')) return isToken(text) ? text : undefined;
  let plain = '';
  for (let i = 1; i < text.length; i++) {
    if (text[i] === '"') return i === text.length - 1 ? plain : undefined;
    if (text[i] === '\\') i++;
    plain += text[i] ?? '';
  }
  return undefined;
}
