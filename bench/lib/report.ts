// Outcomes as text: lines for the terminal, and docs/generated/performance.md.
// Pure functions; nothing is measured here.
import { LEAST_SCALING, MOST_VARIATION } from "./gauge.ts";
import type { Outcome, Standing } from "./record.ts";

/** What the whole run has in common. */
export interface Run {
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Products of every side on one thread and on all, FLOP/s. */
  readonly products: readonly { readonly side: string; readonly one: number; readonly all: number }[];
  /** Names of rows that were never run on this build. */
  readonly missing: readonly string[];
  readonly outcomes: readonly Outcome[];
}

const FACTOR = { s: 1, ms: 1e3, MB: 1e-6 } as const;
const names: Record<string, string> = { ours: "thalweg", torch: "PyTorch", jax: "JAX" };

/** Three digits, without an exponent. */
export const digits = (value: number) => (value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString());

const amount = (value: number | undefined, unit: Outcome["unit"]) =>
  value === undefined ? "–" : `${digits(value * FACTOR[unit])} ${unit}`;

const plain = (value: number | undefined) => (value === undefined ? "–" : digits(value));

/** How many times as long as ours one took. */
function againstOurs(outcome: Outcome, { min, ours, point }: Standing): string {
  const own = outcome.standings.find((standing) => standing.ours && standing.point?.x === point?.x);
  return ours || min === undefined || own?.min === undefined ? "" : digits(min / own.min);
}

/** The gauge of a row in a few words. */
const gauge = ({ machine: { peak, scaling, variation } }: Outcome) =>
  `product ${digits(peak / 1e9)} GFLOP/s, ${digits(scaling)} times one thread's, varied by ${digits(100 * variation)} %`;

const table = (header: readonly string[], lines: readonly (readonly string[])[]) =>
  [header, header.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** What the terminal shows of an entry. */
export function lines(outcome: Outcome): string {
  const width = Math.max(...outcome.standings.map(({ name }) => name.length));
  const standings = outcome.standings.map((standing) => {
    const { name, min, median, floor, error, evaluations } = standing;
    if (error !== undefined) return `  ${name.padEnd(width)}  ${error}`;
    const ratio = againstOurs(outcome, standing);
    const more = [
      `median ${amount(median, outcome.unit)}`,
      ratio && `${ratio} × ours`,
      floor && min && `floor ${amount(floor, outcome.unit)}, ${((100 * floor) / min).toFixed(0)} %`,
      evaluations && `${evaluations} evaluations`,
    ];
    return `  ${name.padEnd(width)}  ${amount(min, outcome.unit).padStart(10)}  (${more.filter(Boolean).join("; ")})`;
  });
  const verdicts = outcome.verdicts.map(
    ({ what, bar, measured, met }) => `  ${what}: ${plain(measured)}, bar ${bar}: ${met}`,
  );
  const busy = outcome.busy === "" ? [] : [`  machine busy: ${outcome.busy}`];
  return [...standings, `  ${gauge(outcome)}`, ...busy, ...verdicts].join("\n");
}

/** All bars as one table, for the terminal. */
export function summary(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ name, verdicts }) =>
    verdicts.map(({ what, bar, measured, met }) => [name, what, plain(measured), bar, met]),
  );
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")).join("\n");
}

const mark = (word: string) => (word === "met" ? word : `**${word}**`);

function barTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ title, verdicts }) =>
    verdicts.map(({ what, bar, measured, met }, i) => [i === 0 ? title : "", what, plain(measured), bar, mark(met)]),
  );
  return table(["work", "number", "measured", "bar", ""], rows);
}

function timeTable({ unit, standings, ...rest }: Outcome): string {
  const outcome = { unit, standings, ...rest };
  const rows = standings.map((standing) => {
    const { name, min, median, floor, error, evaluations } = standing;
    const part = floor !== undefined && min !== undefined ? `${((100 * floor) / min).toFixed(0)} %` : "";
    const shown = error ?? amount(min, unit);
    return [name, shown, amount(median, unit), againstOurs(outcome, standing), part, String(evaluations ?? "")];
  });
  const header = ["", "minimum", "median", "÷ ours", "floor ÷ it", "evaluations"];
  const used = header.map((_, i) => i < 3 || rows.some((row) => row[i] !== ""));
  const kept = (cells: readonly string[]) => cells.filter((_, i) => used[i]);
  return table(kept(header), rows.map(kept));
}

/** A growth row: one column per series. */
function growthTable({ standings, unit }: Outcome): string {
  const points = standings.flatMap(({ point, ...rest }) => (point ? [{ ...point, ...rest }] : []));
  const series = [...new Set(points.map((point) => point.series))];
  const xs = [...new Set(points.map((point) => point.x))];
  const of = (x: number, name: string) => points.find((point) => point.x === x && point.series === name);
  const rows = xs.map((x) => [
    String(x),
    ...series.map((name) => of(x, name)?.error ?? amount(of(x, name)?.min, unit)),
    amount(of(x, "ours")?.floor, unit),
  ]);
  return table(["", ...series, "floor"], rows);
}

/** Whether an outcome belongs in the picture. */
export const hasPoints = ({ standings }: Outcome) => standings.some(({ point, min }) => point && min !== undefined);

/** The document. */
export function report({ machine, versions, products, missing, outcomes }: Run): string {
  const said = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const rates = products.map(({ side, one, all }) => [
    names[side] ?? side,
    ...[one, all].map((rate) => `${digits(rate / 1e9)} GFLOP/s`),
    digits(all / one),
  ]);
  const parts = outcomes.map((outcome) => {
    const body = hasPoints(outcome) ? growthTable(outcome) : timeTable(outcome);
    const busy = outcome.busy === "" ? "" : `**Machine busy** (${outcome.busy}); this decides nothing.`;
    const notes = [`Machine: ${gauge(outcome)}.`, outcome.note, busy].filter(Boolean).join(" ");
    return [`### ${outcome.title}`, body, notes].join("\n\n");
  });
  const verdicts = outcomes.flatMap((outcome) => outcome.verdicts);
  const count = (word: string) => verdicts.filter(({ met }) => met === word).length;
  const grown = outcomes.some(hasPoints);
  const left = missing.length === 0 ? "" : `\n\nNot run: ${missing.join(", ")}.`;
  return `# Performance

thalweg beside PyTorch and JAX in the same run, on the same machine, with the same number of threads. Written by \`npm run bench\`; every number is measured.

Ours go through the public TypeScript API: AdamW, clipping by the global norm, and a moving average of the parameters in every step. Theirs do the same without
the average (PyTorch with its fused AdamW). Network, path and loss are those of GenerativeRL, written anew for each peer; GenerativeRL itself takes no part.

Contestants take turns (A B A B …); bars compare minima. The *floor* is the time of a step's matrix products at the machine's own peak, measured between the
turns, and one pass of the optimiser at the bandwidth of memory. Where the product on all threads is less than ${LEAST_SCALING} times as fast as on one, or varies
by more than ${100 * MOST_VARIATION} %, the machine is busy, and the row decides nothing.

${machine}. ${said.join(", ")}.

${table(["product 1024 × 1024", "one thread", "all threads", "scaling"], rates)}

## Bars

${verdicts.length} bars: ${count("met")} met, ${count("not met")} not met, ${count("undecided") + count("not measured")} undecided.${left}

${barTable(outcomes)}

${grown ? "## Growth\n\n![Time of a training step as batch and width grow](performance.png)\n\n" : ""}## Times

${parts.join("\n\n")}
`;
}
