/** IP addresses as text (RFC 3986 §3.2.2), read character by character. */

/** Four decimal numbers from 0 to 255 without leading zeros. */
export function isIPv4(text: string): boolean {
  let parts = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? 0x2e : text.charCodeAt(i);
    if (code === 0x2e) {
      if (digits === 0) return false;
      parts++;
      digits = 0;
      value = 0;
      continue;
    }
    const digit = code - 0x30;
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return false;
    digits++;
    value = value * 10 + digit;
    if (value > 255) return false;
  }
  return parts === 4;
}

/** Eight groups of up to four hexadecimal digits, one run of them left out as `::`, the last two perhaps as IPv4. */
export function isIPv6(text: string): boolean {
  let groups = 0;
  let digits = 0;
  let compressed = false;
  let start = 0;
  let i = 0;
  if (text.startsWith('::')) {
    compressed = true;
    i = 2;
    if (text.length === 2) return true;
  }
  for (start = i; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x3a) {
      if (digits === 0) return false;
      groups++;
      digits = 0;
      if (text.charCodeAt(i + 1) === 0x3a) {
        if (compressed) return false;
        compressed = true;
        i++;
        if (i + 1 === text.length) return groups < 8;
      }
      start = i + 1;
    } else if (code === 0x2e) {
      return isIPv4(text.slice(start)) && (compressed ? groups < 6 : groups === 6);
    } else {
      const lower = code | 0x20;
      if (!((code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x66)) || ++digits > 4) return false;
    }
  }
  if (digits === 0) return false;
  groups++;
  return compressed ? groups < 8 : groups === 8;
}

/** Whether a host, without brackets, is an address rather than a name. */
export function isIPAddress(host: string): boolean {
  return isIPv4(host) || isIPv6(host);
}
