const WIDTH = 30;

/** @param {number} bytes */
export function bytesText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  const kibibytes = bytes / 1024;
  return kibibytes < 1024 ? `${kibibytes.toFixed(0)} KiB` : `${(kibibytes / 1024).toFixed(1)} MiB`;
}

/** A line that shows progress: on a terminal rewritten in place, elsewhere printed at each quarter and without control characters. */
export class ProgressLine {
  #stream;
  #quarter = 0;
  #shownAt = 0;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.#stream = stream;
  }

  /**
   * @param {number} bytes
   * @param {number} [total] if it is known
   */
  show(bytes, total) {
    const share = total ? bytes / total : 0;
    if (this.#stream.isTTY) {
      const now = performance.now();
      if (share < 1 && now - this.#shownAt < 40) return;
      this.#shownAt = now;
      this.#stream.write(`\r${this.#text(bytes, total, share)}`);
    } else if (Math.floor(4 * share) > this.#quarter) {
      this.#quarter = Math.floor(4 * share);
      this.#stream.write(`${this.#text(bytes, total, share)}\n`);
    }
  }

  /** @param {string} [text] shown in a line of its own */
  end(text) {
    if (this.#stream.isTTY && this.#shownAt > 0) this.#stream.write('\n');
    if (text !== undefined) this.#stream.write(`${text}\n`);
    this.#quarter = this.#shownAt = 0;
  }

  /**
   * @param {number} bytes
   * @param {number | undefined} total
   * @param {number} share
   */
  #text(bytes, total, share) {
    if (total === undefined) return `   ${bytesText(bytes).padStart(10)}`;
    const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.');
    return `   [${bar}] ${bytesText(bytes).padStart(9)} of ${bytesText(total)}`;
  }
}

/**
 * Lays out rows as columns, the first row as the heading.
 * @param {readonly (readonly string[])[]} rows
 */
export function table(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()); // prettier-ignore
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.map((line) => `   ${line}`).join('\n');
}
