// Where things are in the repository.
// One list, so that no script spells a path of its own.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const nativeDir = join(root, "ts", "native");
export const generatedAddon = join(root, "ts", "src", "generated", "addon.ts");

/** The entry of a command-line tool in node_modules, to be run by this same Node. */
export const tools = {
  biome: join(root, "node_modules", "@biomejs", "biome", "bin", "biome"),
  tsc: join(root, "node_modules", "typescript", "bin", "tsc"),
  typedoc: join(root, "node_modules", "typedoc", "bin", "typedoc"),
  vitepress: join(root, "node_modules", "vitepress", "bin", "vitepress.js"),
  vitest: join(root, "node_modules", "vitest", "vitest.mjs"),
};

/** Node's arguments to run a TypeScript file, with "thalweg" being the compiled package as for a user. */
export function tsx(file) {
  const cli = join(root, "node_modules", "tsx", "dist", "cli.mjs");
  return [cli, "--tsconfig", join(root, "tsconfig.base.json"), file];
}
