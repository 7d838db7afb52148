// npm start                                    a client and a server over loopback TLS: what this library does, in a few seconds
// npm start -- https://host/path [-o file]     fetches a URL: the body to standard output or a file, the rest to standard error
import { parseArgs } from 'node:util';
import { demonstrate } from './start/demonstrate.mjs';
import { fetchUrl } from './start/fetch-url.mjs';

const USAGE = 'usage: npm start [-- http(s)://host/path [-o file]]';

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { output: { type: 'string', short: 'o' } },
  });
  const [url, ...rest] = positionals;
  if (rest.length > 0 || (url === undefined && values.output !== undefined)) throw new TypeError('one URL at most');
  return url === undefined ? demonstrate() : fetchUrl(url, values.output);
}

try {
  main().subscribe({ error: fail });
} catch (error) {
  fail(error);
  console.error(USAGE);
}

/** @param {any} error */
function fail(error) {
  console.error(`${error.code ?? error.name}: ${error.message}`);
  process.exitCode = 1;
}
