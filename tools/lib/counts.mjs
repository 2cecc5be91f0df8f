// How many tests passed and failed, from what each kind of suite prints.

/** A file that cannot even be loaded, or an error outside every test, has no test to fail: it counts as one. */
export function countVitest(code, report) {
  if (report === null) return { passed: 0, failed: 1 };
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed'),
  );
  const failed = report.numFailedTests + brokenFiles.length;
  return { passed: report.numPassedTests, failed: code !== 0 && failed === 0 ? 1 : failed };
}

/** @returns what the last `N passed, N failed` says; null where there is none. */
export function lastCount(stdout) {
  const line = [...stdout.matchAll(/(\d+) passed, (\d+) failed/g)].at(-1);
  return line === undefined ? null : { passed: Number(line[1]), failed: Number(line[2]) };
}

/**
 * The count a suite gives of itself: its last `N passed, N failed` line, or the JSON document of its contract.
 * A suite whose program fails has failed, whatever it printed.
 */
export function countProgram(code, stdout) {
  const counted = lastCount(stdout) ?? countDocument(parse(stdout));
  if (code !== 0 && counted.failed === 0) return { passed: counted.passed, failed: 1 };
  return counted.passed + counted.failed === 0 ? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 } : counted;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function countDocument(document) {
  const tally = (oks) => ({ passed: oks.filter(Boolean).length, failed: oks.filter((ok) => !ok).length });
  if (document === null || typeof document !== 'object') return { passed: 0, failed: 0 };
  if (typeof document.passed === 'number') return { passed: document.passed, failed: document.failed ?? 0 };
  // sim: one for the schedules, one for each planted bug that had to be found.
  if (Array.isArray(document.violations))
    return tally([
      document.violations.length === 0,
      ...(document.mutants ?? []).map((mutant) => mutant.foundAfterSeeds !== null),
    ]);
  if (Array.isArray(document.checks)) return tally(document.checks.map((check) => check.holds === true));
  const runs = [document].flat().flatMap((scenario) => scenario.runs ?? []);
  return tally(runs.map((one) => one.ok === true));
}
