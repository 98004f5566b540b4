// Which addons there are for this platform, and what the environment says about the device: what is known before one is loaded.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DeviceError } from "./errors.js";

/** What an addon is for: every machine, tests, or NVIDIA GPUs beside the CPU. */
export type AddonKind = "plain" | "test" | "cuda";

/** An addon of this platform. */
export interface AddonFile {
  readonly name: string;
  readonly file: string;
  readonly installed: boolean;
  /** How to get it. */
  readonly remedy: string;
}

/** platform-arch, with the C library or compiler where there are several: the middle of the file's name. */
export function addonTarget(): string {
  const { platform, arch } = process;
  if (platform === "linux") {
    const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    return `linux-${arch}-${header.glibcVersionRuntime ? "gnu" : "musl"}`;
  }
  return platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}

/** The addon of this kind. */
export function addonFile(kind: AddonKind): AddonFile {
  const name = `thalweg${kind === "plain" ? "" : `-${kind}`}.${addonTarget()}.node`;
  const file = fileURLToPath(new URL(`../native/${name}`, import.meta.url));
  const command = kind === "cuda" ? "npm run build:cuda" : "npm run build";
  return {
    name,
    file,
    installed: existsSync(file),
    remedy: `Remedy: in a clone of thalweg run "${command}" on this machine.`,
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
