/** The three date formats of HTTP (RFC 9110 §5.6.7), read character by character. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const LONG_DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
/** Half a century: a year of two digits that seems further ahead is of the century before. Milliseconds. */
const FIFTY_YEARS = 50 * 365.25 * 86_400_000;

/**
 * Milliseconds since the epoch, or undefined for what is no HTTP date. The day of the week is not compared with the date.
 *
 * @param now decides the century of years of two digits
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const words = text.split(' ');
  const [day = '', ...rest] = words;
  if (DAYS.includes(day.slice(0, -1)) && day.endsWith(',')) return imfFixdate(rest);
  if (LONG_DAYS.includes(day.slice(0, -1)) && day.endsWith(',')) return rfc850(rest, now);
  return DAYS.includes(day) ? asctime(rest) : undefined;
}

/** `06 Nov 1994 08:49:37 GMT` */
function imfFixdate(words: readonly string[]): number | undefined {
  const [day = '', month = '', year = '', time = '', zone] = words;
  if (words.length !== 5 || zone !== 'GMT') return undefined;
  return instant(digits(year, 4), MONTHS.indexOf(month), digits(day, 2), time);
}

/** `06-Nov-94 08:49:37 GMT` */
function rfc850(words: readonly string[], now: number): number | undefined {
  const [date = '', time = '', zone] = words;
  const [day = '', month = '', year = '', more] = date.split('-');
  if (words.length !== 3 || zone !== 'GMT' || more !== undefined) return undefined;
  const short = digits(year, 2);
  if (short < 0) return undefined;
  const century = Math.floor(new Date(now).getUTCFullYear() / 100) * 100;
  const found = instant(century + short, MONTHS.indexOf(month), digits(day, 2), time);
  if (found === undefined || found - now <= FIFTY_YEARS) return found;
  return instant(century - 100 + short, MONTHS.indexOf(month), digits(day, 2), time);
}

/** `Nov  6 08:49:37 1994` */
function asctime(words: readonly string[]): number | undefined {
  const [month = '', ...rest] = words;
  if (rest[0] === '') rest.shift(); // a day of one digit has a space before it
  const [day = '', time = '', year = ''] = rest;
  if (rest.length !== 3) return undefined;
  return instant(digits(year, 4), MONTHS.indexOf(month), digits(day, words.length === 5 ? 1 : 2), time);
}

function instant(year: number, month: number, day: number, time: string): number | undefined {
  const [hours = '', minutes = '', seconds = '', more] = time.split(':');
  const [h, m, s] = [digits(hours, 2), digits(minutes, 2), digits(seconds, 2)] as const;
  if (year < 0 || month < 0 || day < 1 || more !== undefined) return undefined;
  if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  if (date.getUTCDate() !== day) return undefined;
  return date.getTime() + ((h * 60 + m) * 60 + s) * 1000;
}

/** The number, if it is written in just so many digits, else -1. */
function digits(text: string, count: number): number {
  if (text.length !== count) return -1;
  let value = 0;
  for (let i = 0; i < count; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
