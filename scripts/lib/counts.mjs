// How many tests passed and failed, and which ones failed, read from what the test runners report.
// A skipped test counts as a failed one: nothing is left out in silence.
import { basename } from "node:path";

/** Sums cargo's lines "test result: ok. 3 passed; 0 failed; 0 ignored; …". */
export function countRust(output) {
  const counts = { passed: 0, failed: 0 };
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    counts.passed += Number(passed);
    counts.failed += Number(failed) + Number(ignored);
  }
  const failures = [...output.matchAll(/^test (.+) \.\.\. FAILED$/gm)].map(([, name]) => name);
  return { ...counts, failures };
}

/** Reads the JSON report of vitest. */
export function countVitest(report) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(report);
  const failures = testResults.flatMap(({ name: file, status, message, assertionResults }) => {
    const failed = assertionResults
      .filter(({ status }) => status !== "passed")
      .map(({ fullName, failureMessages }) => [`${basename(file)}: ${fullName}`, ...failureMessages].join("\n"));
    // What a file checks when its tests are over is no test of its own.
    return status === "failed" && failed.length === 0 ? [`${basename(file)}: ${message}`] : failed;
  });
  return { passed: numPassedTests, failed: numFailedTests + numPendingTests + numTodoTests, failures };
}

/** A duration for people: 3.2 s, or 14 min 3 s. */
export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** The closing line: totals, the groups they come from, and the time. */
export function closingLine(results, seconds) {
  const groups = new Map();
  for (const { group, passed } of results) groups.set(group, (groups.get(group) ?? 0) + passed);
  const total = (field) => results.reduce((sum, result) => sum + result[field], 0);
  const parts = [...groups].map(([group, passed]) => `${group} ${passed}`).join(", ");
  return `npm test: ${total("passed")} passed (${parts}), ${total("failed")} failed, ${duration(seconds)}`;
}
