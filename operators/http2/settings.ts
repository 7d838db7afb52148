/**
 * SETTINGS as a value (RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1): what each entry means, what it may be, and its error.
 */
import { UsageError } from '../core/protocol-error.js';
import type { Http2ErrorName } from './error-code.js';
import type { SettingEntry } from './frames/settings-frame.js';
import { connectionError } from './http2-error.js';

/** What one endpoint has told the other. */
export interface Settings {
  /** Bytes of the HPACK table of whoever sends this. */
  readonly headerTableSize: number;
  readonly enablePush: boolean;
  /** Streams the peer may have open; `Infinity` where nothing was said. */
  readonly maxConcurrentStreams: number;
  /** Bytes of send window that each new stream of the peer starts with. */
  readonly initialWindowSize: number;
  /** The longest payload taken. Bytes. */
  readonly maxFrameSize: number;
  /** Bytes of a decoded header list; `Infinity` where nothing was said. */
  readonly maxHeaderListSize: number;
  /** Extended CONNECT may be used (RFC 8441). */
  readonly enableConnectProtocol: boolean;
  /** The priorities of RFC 7540 are not looked at (RFC 9218). */
  readonly noRfc7540Priorities: boolean;
}

/** What holds until SETTINGS say otherwise. */
export const DEFAULT_SETTINGS: Settings = Object.freeze({
  headerTableSize: 4096,
  enablePush: true,
  maxConcurrentStreams: Infinity,
  initialWindowSize: 65_535,
  maxFrameSize: 16_384,
  maxHeaderListSize: Infinity,
  enableConnectProtocol: false,
  noRfc7540Priorities: false,
});

type SettingName = keyof Settings;

interface Rule {
  readonly id: number;
  readonly name: SettingName;
  readonly boolean: boolean;
  readonly least: number;
  readonly most: number;
  readonly error: Http2ErrorName;
}

const MOST = 2 ** 32 - 1;

const RULES: readonly Rule[] = [
  rule(0x1, 'headerTableSize', 0, MOST),
  flag(0x2, 'enablePush'),
  rule(0x3, 'maxConcurrentStreams', 0, MOST),
  rule(0x4, 'initialWindowSize', 0, 2 ** 31 - 1, 'FLOW_CONTROL_ERROR'),
  rule(0x5, 'maxFrameSize', 16_384, 2 ** 24 - 1),
  rule(0x6, 'maxHeaderListSize', 0, MOST),
  flag(0x8, 'enableConnectProtocol'),
  flag(0x9, 'noRfc7540Priorities'),
];

const BY_ID = new Map(RULES.map((each) => [each.id, each]));
const BY_NAME = new Map(RULES.map((each) => [each.name, each]));

function rule(id: number, name: SettingName, least: number, most: number, error?: Http2ErrorName): Rule {
  return { id, name, boolean: false, least, most, error: error ?? 'PROTOCOL_ERROR' };
}

function flag(id: number, name: SettingName): Rule {
  return { id, name, boolean: true, least: 0, most: 1, error: 'PROTOCOL_ERROR' };
}

/** The number of a setting. */
export function settingId(name: SettingName): number {
  return (BY_NAME.get(name) as Rule).id;
}

/** The name of a setting, or undefined for one that is not known: it is ignored (RFC 9113 §6.5.2). */
export function settingName(id: number): SettingName | undefined {
  return BY_ID.get(id)?.name;
}

/** Who sent SETTINGS, and whether they were its first. */
export interface SettingsSource {
  readonly from: 'client' | 'server';
  readonly first?: boolean;
}

/**
 * The settings after a SETTINGS frame of the peer, entry by entry in order; unknown ones are ignored.
 *
 * @throws ProtocolError connection: `FLOW_CONTROL_ERROR` for a window over 2^31 - 1; `PROTOCOL_ERROR` for any other value
 *   out of range, push offered by a server, extended CONNECT taken back (RFC 8441 §3), or the use of priorities changed
 *   after the first SETTINGS (RFC 9218 §2.1)
 * @example
 * ```ts
 * import { applySettings, DEFAULT_SETTINGS } from 'rxweir/operators';
 * applySettings(DEFAULT_SETTINGS, [{ id: 3, value: 100 }], { from: 'client' }).maxConcurrentStreams; // 100
 * ```
 */
export function applySettings(
  settings: Settings,
  entries: readonly SettingEntry[],
  { from, first = false }: SettingsSource,
): Settings {
  const changed: Record<SettingName, number | boolean> = { ...settings };
  for (const { id, value } of entries) {
    const known = BY_ID.get(id);
    if (known === undefined) continue;
    const { name } = known;
    if (value < known.least || value > known.most) {
      throw connectionError(known.error, `${name} of ${value}, not ${known.least} to ${known.most}`);
    }
    const next = known.boolean ? value === 1 : value;
    if (name === 'enablePush' && from === 'server' && next) refuse('a server offers to be pushed to');
    if (name === 'enableConnectProtocol' && changed[name] && !next) refuse('extended CONNECT is taken back');
    if (name === 'noRfc7540Priorities' && !first && changed[name] !== next) refuse('the use of priorities changes');
    changed[name] = next;
  }
  return changed as unknown as Settings;
}

function refuse(message: string): never {
  throw connectionError('PROTOCOL_ERROR', message);
}

/**
 * The entries that announce `changes`, in the order of their numbers. A setting of `Infinity` cannot be announced: it is
 * what holds where nothing is said, and is left out.
 *
 * @throws UsageError `INVALID_SETTING` for a name that is no setting or a value out of range
 */
export function settingEntries(changes: Partial<Settings>): SettingEntry[] {
  for (const name of Object.keys(changes)) {
    if (!BY_NAME.has(name as SettingName)) throw new UsageError('INVALID_SETTING', `there is no setting ${name}`);
  }
  const entries: SettingEntry[] = [];
  for (const { id, name, least, most, boolean } of RULES) {
    const wanted = changes[name];
    if (wanted === undefined || wanted === Infinity) continue;
    const value = Number(wanted);
    if (boolean !== (typeof wanted === 'boolean') || !Number.isInteger(value) || value < least || value > most) {
      throw new UsageError('INVALID_SETTING', `${name} cannot be ${wanted}`);
    }
    entries.push({ id, value });
  }
  return entries;
}
