// Vitest reporter: writes how many tests passed, failed and were skipped (with the reason) to $RXWEIR_TEST_COUNTS.
import { writeFileSync } from 'node:fs';
import { env } from 'node:process';

export default class CountReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: /** @type {object[]} */ ([]) };
    for (const module of modules) {
      const errorsOutsideTests = [module, ...module.children.allSuites()].filter((one) => one.errors().length > 0);
      counts.failed += errorsOutsideTests.length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') counts.passed++;
        else if (result.state === 'failed') counts.failed++;
        else {
          const reason = (result.state === 'skipped' && result.note) || 'no reason given';
          counts.skipped.push({ name: `${module.relativeModuleId}: ${test.fullName}`, reason });
        }
      }
    }
    if (env.RXWEIR_TEST_COUNTS) writeFileSync(env.RXWEIR_TEST_COUNTS, JSON.stringify(counts));
  }
}
