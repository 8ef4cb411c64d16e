/** What Vitest's JSON reporter writes, as far as it is read. */
export type Report = {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly ancestorTitles: readonly string[];
      readonly title: string;
    }[];
  }[];
};

/** What became of a run of tests. */
export type Verdict =
  /** A test failed: its name. */
  | { readonly kind: 'red'; readonly test: string }
  /** So many tests passed, and none failed. */
  | { readonly kind: 'green'; readonly tests: number }
  /** Something else is wrong: a file that cannot be loaded, a hook that failed, no tests. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Reads what became of a run from Vitest's report (null when it wrote none) and exit code. */
export function toVerdict(report: Report | null, exitCode: number | null): Verdict {
  if (report === null) return { kind: 'broken', reason: 'Vitest ended without a report' };
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === 'failed');
  if (failed !== undefined) {
    return { kind: 'red', test: [...failed.ancestorTitles, failed.title].join(' > ') };
  }
  const message = report.testResults.find(({ message }) => message !== '')?.message;
  if (message !== undefined) return { kind: 'broken', reason: message };
  const passed = tests.filter(({ status }) => status === 'passed').length;
  if (passed === 0) return { kind: 'broken', reason: 'no tests ran' };
  if (exitCode !== 0)
    return { kind: 'broken', reason: `Vitest ended with code ${exitCode}, but no test failed` };
  return { kind: 'green', tests: passed };
}
