// Checks that a file fails to compile exactly on its lines marked "// error", and nowhere else.
// A type test that only ever passes proves nothing; this one proves that wrong code is refused.
import { join } from "node:path";
import { root } from "./lib/paths.mjs";
import { Failure, isEntry, main } from "./lib/process.mjs";

const marker = /\/\/ error\b/;

/** What differs between the marked lines of a file and the lines that the compiler refuses, as sentences. */
export async function markedLineViolations(file, base = root) {
  const { default: ts } = await import("typescript");
  const config = ts.getParsedCommandLineOfConfigFile(
    join(base, "tsconfig.json"),
    { noEmit: true },
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Failure(ts.flattenDiagnosticMessageText(messageText, "\n"));
      },
    },
  );
  const program = ts.createProgram([file], config.options);
  const refused = new Map();
  const elsewhere = [];
  for (const { file: source, start, messageText } of ts.getPreEmitDiagnostics(program)) {
    const message = ts.flattenDiagnosticMessageText(messageText, " ");
    if (source?.fileName !== program.getSourceFile(file)?.fileName) {
      elsewhere.push(`${source?.fileName ?? "configuration"}: ${message}`);
    } else refused.set(source.getLineAndCharacterOfPosition(start).line, message);
  }
  const lines = program.getSourceFile(file).text.split("\n");
  const marked = new Set(lines.flatMap((line, i) => (marker.test(line) ? [i] : [])));
  const accepted = [...marked].filter((i) => !refused.has(i)).map((i) => `line ${i + 1} should fail but compiles`);
  const unmarked = [...refused]
    .filter(([i]) => !marked.has(i))
    .map(([i, message]) => `line ${i + 1} should compile but fails: ${message}`);
  const none = marked.size === 0 ? ["no line is marked // error"] : [];
  return { marked: marked.size, violations: [...none, ...elsewhere, ...accepted, ...unmarked] };
}

if (isEntry(import.meta.url)) {
  await main(async () => {
    const { marked, violations } = await markedLineViolations(join(root, "__test__", "must-not-compile.ts"));
    if (violations.length > 0) throw new Failure(`must-not-compile.ts:\n  ${violations.join("\n  ")}`);
    console.log(`${marked} wrong lines are refused`);
  });
}
