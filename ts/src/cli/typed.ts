// Commands that people are told to type: as they called this one, and with arguments as their shell takes them.
// Whoever ran it by npx has no `thalweg` on the path.
import { quoted } from "./quoted.js";

/** What runs an installed command, by the package manager that ran this one, which says so in the environment. */
const runners: Readonly<Record<string, string>> = { npm: "npx", pnpm: "pnpm exec", yarn: "yarn", bun: "bunx" };

/** `thalweg …`, as it is to be typed. */
export function typed(args: readonly string[], agent = process.env.npm_config_user_agent): string {
  const runner = runners[agent?.split("/")[0] ?? ""];
  return [...(runner === undefined ? [] : [runner]), "thalweg", ...args.map((arg) => quoted(arg))].join(" ");
}
