/** Our own SETTINGS: announced at once, in force when acknowledged, in the order they were sent (RFC 9113 §6.5.3). */
import { UsageError } from '../core/protocol-error.js';
import type { SettingEntry } from './frames/settings-frame.js';
import { connectionError } from './http2-error.js';
import { DEFAULT_SETTINGS, type Settings, settingEntries, settingName } from './settings.js';

/**
 * What we announced and what the peer has acknowledged.
 *
 * Until the acknowledgement either may hold, so a reader allows what the more generous of the two does: see
 * {@link LocalSettings.most}.
 */
export class LocalSettings {
  #acknowledged: Settings = DEFAULT_SETTINGS;
  /** One for each SETTINGS frame on its way: the settings as they are after it. */
  readonly #pending: Settings[] = [];

  /** In force on the peer's side for sure. */
  get acknowledged(): Settings {
    return this.#acknowledged;
  }

  /** As announced last. */
  get announced(): Settings {
    return this.#pending.at(-1) ?? this.#acknowledged;
  }

  /** SETTINGS frames that wait for their acknowledgement. */
  get pending(): number {
    return this.#pending.length;
  }

  /**
   * Records that `changes` are being sent, and returns the entries of their SETTINGS frame.
   *
   * @throws UsageError `INVALID_SETTING`; nothing is recorded then
   */
  announce(changes: Partial<Settings>): SettingEntry[] {
    const before = this.announced;
    if (before.enableConnectProtocol && changes.enableConnectProtocol === false) {
      throw new UsageError('INVALID_SETTING', 'extended CONNECT cannot be taken back');
    }
    const entries = settingEntries(changes);
    const named = entries.map(({ id }) => settingName(id) as keyof Settings);
    this.#pending.push({ ...before, ...Object.fromEntries(named.map((name) => [name, changes[name]])) });
    return entries;
  }

  /**
   * Records an acknowledgement and returns what is in force now.
   *
   * @throws ProtocolError connection `PROTOCOL_ERROR` for one that nothing waits for
   */
  acknowledge(): Settings {
    const next = this.#pending.shift();
    if (next === undefined) throw connectionError('PROTOCOL_ERROR', 'a SETTINGS acknowledgement for nothing');
    return (this.#acknowledged = next);
  }

  /** The largest value the peer may rightly go by, of a setting that is a number. */
  most(name: 'headerTableSize' | 'initialWindowSize' | 'maxFrameSize' | 'maxConcurrentStreams'): number {
    let most = this.#acknowledged[name];
    for (const settings of this.#pending) most = Math.max(most, settings[name]);
    return most;
  }
}
