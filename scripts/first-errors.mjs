// Writes docs/guide/first-errors.md: the first mistakes that people make, and what each of them says.
// What is in it is data, of which the tests run every piece of code.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "./lib/first-errors.mjs";
import { root } from "./lib/paths.mjs";

writeFileSync(join(root, "docs", "guide", "first-errors.md"), page());
console.log("docs/guide/first-errors.md is written.");
