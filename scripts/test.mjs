// npm test: the set-up, then every step, each with its heading and time, then one closing line.
// A failing step does not stop the others. For developers: --only rust,ts,lint,examples,docs
import { closingLine, duration } from "./lib/counts.mjs";
import { Failure, main } from "./lib/process.mjs";
import { steps } from "./lib/steps.mjs";
import { setup } from "./setup.mjs";

/** The steps named by --only, or all of them. */
function chosen(args) {
  if (args.length === 0) return steps;
  const groups = [...new Set(steps.map(({ group }) => group))];
  const wanted = args[0] === "--only" && args.length === 2 ? args[1].split(",") : [];
  if (wanted.length === 0 || wanted.some((group) => !groups.includes(group))) {
    throw new Failure(`Usage: npm test [-- --only <groups>], with groups from: ${groups.join(",")}`);
  }
  return steps.filter(({ group }) => wanted.includes(group));
}

async function timed(body) {
  const start = performance.now();
  const value = await body();
  return { ...value, seconds: (performance.now() - start) / 1000 };
}

function heading(text) {
  console.log(`\n── ${text} ${"─".repeat(Math.max(0, 90 - text.length))}`);
}

function printTable(results) {
  heading("summary");
  for (const { group, name, passed, failed, seconds } of results) {
    const mark = failed === 0 ? "ok  " : "FAIL";
    const counts = `${String(passed).padStart(5)} passed ${String(failed).padStart(4)} failed`;
    console.log(`${mark} ${group.padEnd(9)}${name.padEnd(36)}${counts} ${duration(seconds).padStart(13)}`);
  }
  // Repeated here, so that the end of a long output says what is wrong.
  for (const failure of results.flatMap(({ failures = [] }) => failures)) console.log(`\nfailed: ${failure}`);
}

await main(async () => {
  const selected = chosen(process.argv.slice(2));
  const start = performance.now();
  heading("set-up");
  const { seconds } = await timed(setup);
  console.log(`set-up: ${duration(seconds)}`);
  const results = [];
  for (const { group, name, body } of selected) {
    heading(`${group}: ${name}`);
    const result = await timed(body);
    console.log(`${name}: ${result.failed === 0 ? "ok" : "FAILED"}, ${duration(result.seconds)}`);
    results.push({ group, name, ...result });
  }
  printTable(results);
  console.log(`\n${closingLine(results, (performance.now() - start) / 1000)}`);
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;
});
