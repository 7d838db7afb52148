import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'operators/index': 'src/operators.ts',
    'testing/index': 'src/testing/index.ts',
    'compat/ajax': 'src/compat/ajax.ts',
    'compat/fetch': 'src/compat/fetch.ts',
    'compat/prosody': 'src/compat/prosody.ts',
    'compat/socket': 'src/compat/socket.ts',
    'compat/web-socket': 'src/compat/web-socket.ts',
  },
  format: ['esm', 'cjs'],
  // tsup sets `baseUrl` for its declaration build, which TypeScript 6 reports as deprecated.
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  platform: 'node',
  target: 'node20',
  // One shared chunk per format, so that the entries share their classes.
  splitting: true,
  sourcemap: true,
  // `import.meta.url` in CJS too.
  shims: true,
  // Engines keep the text of all code on the heap, two bytes a character where one is beyond Latin-1: comments stay out.
  esbuildOptions(options) {
    options.minifyWhitespace = true;
    options.lineLimit = 120; // an error shows the line it comes from
  },
  clean: true,
  removeNodeProtocol: false,
});
