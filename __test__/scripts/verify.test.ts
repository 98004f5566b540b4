// npm run verify, as far as it is plumbing: rows are read, printed and judged; what is measured is tested where it is measured.
import { describe, expect, it } from "vitest";
import { decade, measured } from "../../scripts/lib/verify/number.mjs";
import { specOf } from "../../scripts/lib/verify/picture.mjs";
import { failures, report } from "../../scripts/lib/verify/report.mjs";
import { parse, rowsOf } from "../../scripts/verify.mjs";

const row = (more: object = {}) => ({
  section: "order",
  name: "rk4 on linear from score_function",
  measured: 3.98,
  bound: { kind: "atLeast", value: 3.9 },
  source: "Kutta 1901",
  pass: true,
  labels: { solver: "rk4", path: "linear", theory: "4" },
  ...more,
});
const exact = row({
  name: "rk4 on linear from velocity_function",
  measured: 2e-12,
  bound: { kind: "atMost", value: 1e-11 },
});

describe("npm run verify", () => {
  it("takes --quick and nothing else", () => {
    expect(parse([])).toEqual({ quick: false });
    expect(parse(["--quick"])).toEqual({ quick: true });
    expect(() => parse(["--fast"])).toThrow(/Usage: npm run verify.*got --fast/);
  });

  it("reads the rows of a program's last line, and refuses a program without", () => {
    expect(rowsOf(`something else\n${JSON.stringify([row()])}\n`, "it")).toEqual([row()]);
    for (const text of ["", "[]", "nothing", '{"a":1}', "[1]"])
      expect(() => rowsOf(text, "it")).toThrow("it printed no rows");
  });

  it("names every row outside of its bound", () => {
    expect(failures([row(), row({ measured: 3, pass: false })])).toEqual([
      "order: rk4 on linear from score_function: 3, bound ≥ 3.9",
    ]);
  });

  it("writes the least order of a solver on a path, what is exact, and what failed", () => {
    const of = (...rows: object[]) =>
      report(rows)
        .split("\n")
        .find((line) => line.startsWith("| rk4"));
    expect(of(row(), row({ measured: 3.95 }), exact)).toBe("| rk4 | 4 | 3.95 | Kutta 1901 |");
    expect(of(exact)).toBe("| rk4 | 4 | · | Kutta 1901 |");
    expect(of(exact, row({ measured: 3, pass: false }))).toBe("| rk4 | 4 | **3.00** | Kutta 1901 |");
    expect(report([row({ measured: 3, pass: false })])).toContain("1 checks, 1 outside of their bounds");
  });

  it("writes errors by their decade, so that machines agree", () => {
    expect([3e-9, 1e-9, 1.01e-9, 1e-20, 0].map(decade)).toEqual(["≤ 1e-8", "≤ 1e-9", "≤ 1e-8", "≤ 1e-12", "≤ 1e-12"]);
    expect(measured(row())).toBe("3.98");
    expect(measured(row({ measured: null }))).toBe("not finite");
  });

  it("draws one cell per solver and path", () => {
    const values = specOf([row(), exact, row({ section: "weak order" }), row({ section: "bridge" })]).data[0].values;
    expect(values.map(({ solver, exact }: { solver: string; exact: boolean }) => [solver, exact])).toEqual([
      ["rk4", false],
      ["rk4 (weak)", false],
    ]);
    expect(values[0].excess).toBeCloseTo(-0.02, 12);
  });
});
