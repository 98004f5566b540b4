// Which addons there are for this platform, and what the environment says about the device: what is known before one is loaded.
// An addon is built in a clone, or comes in a package of its own for the platform, on which package.json of what is published depends.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { addonTarget, published, publishedCuda } from "./addon/target.js";
import { DeviceError } from "./errors.js";

export { whyNotLoaded } from "./addon/binary.js";
export { addonTarget } from "./addon/target.js";

/** What an addon is for: every machine, tests, or NVIDIA GPUs beside the CPU. */
export type AddonKind = "plain" | "test" | "cuda";

/** An addon of this platform. */
export interface AddonFile {
  readonly name: string;
  readonly file: string;
  readonly installed: boolean;
  /** How to get it; found out when it is asked for, since that looks at other packages. */
  readonly remedy: string;
}

const require = createRequire(import.meta.url);

/** The folder of an npm package that is installed. */
function folderOf(packageName: string): string | undefined {
  try {
    return dirname(require.resolve(`${packageName}/package.json`));
  } catch {
    return undefined;
  }
}

/** The package that an addon is published in, if it is for this platform. */
function packageOf(kind: AddonKind, target: string): string | undefined {
  if (kind === "plain" && published.includes(target)) return `@thalweg/${target}`;
  return kind === "cuda" && publishedCuda.includes(target) ? `@thalweg/cuda-${target}` : undefined;
}

/** Why npm leaves the package of a platform out, and what helps. */
function aboutNpm(target: string): string {
  const others = published.filter((other) => other !== target).map((other) => `@thalweg/${other}`);
  const foreign = others.filter((name) => folderOf(name) !== undefined);
  const found = foreign.length > 0 ? ` Installed is ${foreign.join(", ")}, for another platform.` : "";
  return (
    `${found} npm leaves it out where optional dependencies are omitted, and where node_modules or the lock file was made on another ` +
    'system: then remove both and run "npm install", or run "npm ci --include=optional".'
  );
}

/** How to get an addon that is not here, or not as it should be. */
function remedyFor(kind: AddonKind, target: string): string {
  const build = `in a clone of thalweg run "${kind === "cuda" ? "npm run build:cuda" : "npm run build"}" on this machine.`;
  if (kind === "test") return `Remedy: ${build}`;
  const packageName = packageOf(kind, target);
  if (packageName === undefined) {
    const targets = kind === "cuda" ? publishedCuda : published;
    return `There is no package for ${target}, only for ${targets.join(", ")}. Remedy: ${build}`;
  }
  const command = `"npm install --save-optional ${packageName}@${packageVersion()}"`;
  return `Remedy: run ${command}; ${build}${kind === "plain" ? aboutNpm(target) : ""}`;
}

/** The addon of this kind: that of a clone, else that of the platform's package. */
export function addonFile(kind: AddonKind): AddonFile {
  const target = addonTarget();
  const name = `thalweg${kind === "plain" ? "" : `-${kind}`}.${target}.node`;
  const built = fileURLToPath(new URL(`../native/${name}`, import.meta.url));
  const packageName = existsSync(built) ? undefined : packageOf(kind, target);
  const folder = packageName && folderOf(packageName);
  const file = folder ? join(folder, name) : built;
  return {
    name,
    file,
    installed: existsSync(file),
    get remedy() {
      return remedyFor(kind, target);
    },
  };
}

/** The version of this package, and of addons that belong to it. */
export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}

/**
 * What THALWEG_DEVICE asks for.
 *
 * @throws DeviceError where it is no device's name
 */
export function wantedDevice(): string {
  const device = process.env.THALWEG_DEVICE || "auto";
  if (/^(auto|cpu|cuda|cuda:\d+)$/.test(device)) return device;
  const [expected, got] = ['"auto", "cpu", "cuda" or "cuda:<index>"', JSON.stringify(device)];
  throw new DeviceError(`THALWEG_DEVICE: expected ${expected}, got ${got}`, { expected, got, where: "THALWEG_DEVICE" });
}
