// Pages of the documentation as programs: all blocks of a page in one scope, from top to bottom, as a reader would run them.
// A later block may name anew what an earlier one named, so each lies inside the one before it.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { shortened, withChecks } from "./examples.ts";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A page and its code. */
export interface Page {
  /** Its path from the root of the repository. */
  readonly place: string;
  readonly text: string;
}

/** The README and every page of docs, but for the reference, whose examples are those of docstrings. */
export function pages(): Page[] {
  const names = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  const own = names.filter((name) => name.endsWith(".md") && !/^(api|\.vitepress)[\\/]/.test(name));
  return ["README.md", ...own.sort().map((name) => join("docs", name))].map((place) => ({
    place: relative(root, join(root, place)).replaceAll("\\", "/"),
    text: readFileSync(join(root, place), "utf8"),
  }));
}

/** The contents of a page's blocks of one language; those in comments `<!-- given` are for the tests alone. */
export function blocks(text: string, language: string): string[] {
  const fences = new RegExp(`^(?:\`\`\`${language}|<!-- given ${language})\\n(.*?)^(?:\`\`\`|-->)$`, "gms");
  return [...text.matchAll(fences)].map(([, code = ""]) => code);
}

/** What a page's `sh` blocks ask of the command line, in short: arguments after `npx thalweg`, line by line. */
export function commands(text: string): string[][] {
  const lines = blocks(text, "sh").join("").split("\n");
  return lines
    .filter((line) => line.startsWith("npx thalweg "))
    .map((line) => line.replace(/ +#.*$/, "").replace(/\b(\d)000\b/g, "$10"))
    .map((line) => line.split(/ +/).slice(2))
    .map((args) => (args[0] === "train" && !args.includes("--steps") ? [...args, "--steps", "40"] : args));
}

const imports = /^import (?:(type) )?\{([^}]*)\} from "([^"]+)";\n/gm;

/** What blocks import, each name once. */
function importsOf(code: string): string {
  const names = new Map<string, Set<string>>();
  for (const [, type, list = "", from = ""] of code.matchAll(imports)) {
    const known = names.get(from) ?? new Set();
    for (const name of list.split(",").map((each) => each.trim()))
      if (name !== "") known.add(type === undefined ? name : `type ${name}`);
    names.set(from, known);
  }
  return [...names]
    .map(([from, known]) => {
      const needed = [...known].filter((name) => !(name.startsWith("type ") && known.has(name.slice(5))));
      return `import { ${needed.join(", ")} } from "${from}";\n`;
    })
    .join("");
}

/** A page's `ts` blocks as one module, in short; undefined where it has none. */
export function moduleOf({ text }: Page): string | undefined {
  const code = blocks(text, "ts").map(shortened);
  if (code.length === 0) return undefined;
  const bodies = code.map((block) => withChecks(block.replace(imports, "")));
  const nested = bodies.reduceRight((inner, body) => `{\n${body}${inner}}\n`, "");
  const check = "const check = (got: unknown, wanted: unknown) => expect(got).toEqual(wanted);\n";
  return `import { expect } from "vitest";\n${importsOf(code.join(""))}${check}${nested}export {};\n`;
}
