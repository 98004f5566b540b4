// Warnings of the library as lines for people who use no library.
// Node's own way names a process and a flag of Node; other warnings stay its own.
import { note } from "./output.js";

/** What commands say themselves, in words of their own. */
const SAID = "THALWEG_NOTHING_TO_DO";

const TYPE = "ThalwegWarning";

const FLAG = "--disable-warning";

/** What Node is told not to show. */
function disabled(): readonly string[] {
  const told = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").replaceAll('"', "").split(/\s+/)];
  // Its value is behind an equals sign, or the next word.
  return told.flatMap((one, i) => (one === FLAG ? (told[i + 1] ?? []) : one.split(`${FLAG}=`).slice(1)));
}

/** Remedies as a config has them, where the library's are TypeScript. */
const remedies: Readonly<Record<string, string>> = {
  THALWEG_MANY_CATEGORIES:
    'in the config, "read": { "columns": { "…": "skip" } } leaves out an identifier or a text (thalweg init does so), and "encoding": { "columns": { "…": { "categories": "bits" } } } makes a category narrow',
};

function inConfig({ code = "", message }: { readonly code?: string; readonly message: string }): string {
  const remedy = remedies[code];
  return remedy === undefined ? message : message.replace(/Remedy: .*$/s, `Remedy: ${remedy}`);
}

/** Shows warnings from now on as lines on stderr, where they are shown at all. */
export function showWarnings(): void {
  const own = process.listeners("warning");
  const hidden = disabled();
  if (own.length === 0 || hidden.includes(TYPE)) return;
  process.removeAllListeners("warning");
  process.on("warning", (warning: Error & { readonly code?: string }) => {
    if (warning.name !== TYPE) for (const show of own) show.call(process, warning);
    else if (warning.code !== SAID && !hidden.includes(warning.code ?? "")) note(`warning: ${inConfig(warning)}`);
  });
}
