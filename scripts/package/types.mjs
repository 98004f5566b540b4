// Compiles a program that uses thalweg where it is installed, in each way in which TypeScript resolves modules.
// Declarations are checked, too: an import in them that does not resolve is an error.
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, tools } from "../lib/paths.mjs";

const ways = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "preserve", moduleResolution: "bundler" },
};

/** Compiles `consumer.mts` and `consumer.cts`; fails with what the compiler says. */
export async function typesCompile(installed, way) {
  const { folder } = installed;
  const types = join(folder, "node_modules", "@types");
  // As "npm install --save-dev @types/node" would give it.
  mkdirSync(types, { recursive: true });
  if (!existsSync(join(types, "node")))
    symlinkSync(join(root, "node_modules", "@types", "node"), join(types, "node"), "junction");
  const compilerOptions = { target: "es2022", strict: true, noEmit: true, types: ["node"], ...ways[way] };
  const config = {
    compilerOptions: { ...compilerOptions, skipLibCheck: false },
    files: ["consumer.mts", "consumer.cts"],
  };
  writeFileSync(join(folder, `tsconfig.${way}.json`), JSON.stringify(config));
  await installed.node([tools.tsc, "-p", `tsconfig.${way}.json`]);
  return "compiles, declarations checked";
}
