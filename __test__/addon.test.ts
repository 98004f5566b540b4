// Where the addon is found: in a clone, else in the platform's package; and what is said where it is missing, or another platform's.
// Each case is a copy of the package in a folder of its own, with the packages beside it that a user would have.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { madeFor } from "../ts/src/addon/binary.ts";
import { published, publishedCuda } from "../ts/src/addon/target.ts";
import { addonFile, addonTarget } from "../ts/src/addon.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = addonTarget();
const name = `thalweg.${target}.node`;
const other = published.find((each) => each !== target && !each.startsWith("linux")) as string;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-found-"));
  place("thalweg");
  cpSync(join(root, "ts", "dist"), join(folder, "node_modules", "thalweg", "ts", "dist"), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Makes the folder of a package. */
function place(packageName: string, version = manifest.version): string {
  const made = join(folder, "node_modules", packageName);
  mkdirSync(made, { recursive: true });
  const type = packageName === "thalweg" ? "module" : "commonjs";
  const exports = packageName === "thalweg" ? "./ts/dist/index.js" : undefined;
  writeFileSync(join(made, "package.json"), JSON.stringify({ name: packageName, version, type, exports }));
  return made;
}

/** Installs the package of this platform, with the clone's addon. */
function placeAddon(): string {
  const file = join(place(`@thalweg/${target}`), name);
  copyFileSync(addonFile("plain").file, file);
  return file;
}

/** What a program prints that is run after `before` and imports the copy, or the error of the import. */
function said({ before = "", env = {} }: { readonly before?: string; readonly env?: object } = {}): string {
  const source = `${before};
    import("thalweg").then(async (thalweg) => console.log(thalweg.version(), ...(await thalweg.tensor([1]).add(1).toArray())),
      (error) => console.log(String(error)));`;
  const clean = { ...process.env, THALWEG_ADDON: "", THALWEG_DEVICE: "", NODE_PATH: "", ...env };
  return execFileSync(process.execPath, ["--eval", source], { cwd: folder, env: clean, encoding: "utf8" });
}

describe("the addon is found", () => {
  it("in the package of the platform", () => {
    placeAddon();
    expect(said()).toBe(`${manifest.version} 2\n`);
  });

  it("in the clone first", () => {
    writeFileSync(placeAddon(), "no library");
    const native = join(folder, "node_modules", "thalweg", "ts", "native");
    mkdirSync(native);
    copyFileSync(addonFile("plain").file, join(native, name));
    expect(said()).toBe(`${manifest.version} 2\n`);
  });
});

describe("an addon that is missing is an error", () => {
  const install = `npm install --save-optional @thalweg/${target}@${manifest.version}`;

  it("that names the platform, the package and what helps", () => {
    const text = said();
    expect(text).toMatch(new RegExp(`^AddonError: the native addon for ${target} is missing: there is no ${name}\\.`));
    for (const remedy of [install, "npm ci --include=optional", "npm run build"]) expect(text).toContain(remedy);
    expect(text).not.toContain("for another platform");
  });

  it("that says so where node_modules was made on another system", () => {
    place(`@thalweg/${other}`);
    const text = said();
    expect(text).toContain(`Installed is @thalweg/${other}, for another platform.`);
    expect(text).toContain(install);
  });

  it("that names the platforms there are, on any other", () => {
    const text = said({ before: 'Object.defineProperty(process, "arch", { value: "s390x" })' });
    expect(text).toMatch(/the native addon for \S*s390x\S* is missing/);
    expect(text).toContain(`There is no package for`);
    for (const each of published) expect(text).toContain(each);
    expect(text).not.toContain("npm install");
  });

  it("that tells musl from glibc by the loader of Node itself", () => {
    const node = join(folder, "node");
    for (const [loader, library] of [
      ["/lib/ld-musl-x86_64.so.1", "musl"],
      ["/lib64/ld-linux-x86-64.so.2", "gnu"],
    ] as const) {
      writeFileSync(node, `\x7fELF${"\0".repeat(60)}${loader}\0`);
      const linux = `for (const [key, value] of Object.entries({ platform: "linux", arch: "arm64", execPath: ${JSON.stringify(node)} }))
        Object.defineProperty(process, key, { value })`;
      expect(said({ before: linux })).toContain(`@thalweg/linux-arm64-${library}@${manifest.version}`);
    }
  });

  it("and one with CUDA is offered where there is one", () => {
    placeAddon();
    const text = said({ env: { THALWEG_DEVICE: "cuda" } });
    expect(text).toMatch(/^AddonError: the CUDA addon .* is missing/);
    expect(text).toContain(
      publishedCuda.includes(target)
        ? `npm install --save-optional @thalweg/cuda-${target}@${manifest.version}`
        : `There is no package for ${target}, only for linux-x64-gnu`,
    );
  });

  it("and one with CUDA is looked for in its package", () => {
    placeAddon();
    writeFileSync(join(place(`@thalweg/cuda-${target}`), `thalweg-cuda.${target}.node`), "no library");
    const found = publishedCuda.includes(target) ? "could not be loaded" : "is missing";
    expect(said({ env: { THALWEG_DEVICE: "cuda" } })).toMatch(
      new RegExp(`^AddonError: .*thalweg-cuda\\.\\S+.* ${found}`),
    );
  });
});

describe("an addon that does not fit is an error", () => {
  it("that names what it is made for", () => {
    const file = placeAddon();
    const bytes = readFileSync(file);
    const made = foreign(bytes);
    writeFileSync(file, made.bytes);
    expect(said()).toMatch(
      new RegExp(`^AddonError: ${name} could not be loaded on ${target} .*; it is made for ${made.target}: `),
    );
  });

  it("that says where it is damaged", () => {
    writeFileSync(placeAddon(), "no library");
    expect(said()).toContain("it is damaged, or no library");
  });

  it("that names both versions where its package is another release's", () => {
    placeAddon();
    place("thalweg", "99.0.0");
    const text = said();
    expect(text).toContain(`${name} is version ${manifest.version}, but thalweg is version 99.0.0`);
    expect(text).toContain(`npm install --save-optional @thalweg/${target}@99.0.0`);
  });
});

/** This platform's addon as if it were made for another processor. */
function foreign(bytes: Buffer): { readonly bytes: Buffer; readonly target: string } {
  const changed = Buffer.from(bytes);
  const arch = process.arch === "arm64" ? "x64" : "arm64";
  if (process.platform === "linux") changed.writeUInt16LE(arch === "arm64" ? 183 : 62, 18);
  else if (process.platform === "darwin") changed.writeUInt32LE(arch === "arm64" ? 0x0100_000c : 0x0100_0007, 4);
  else changed.writeUInt16LE(arch === "arm64" ? 0xaa64 : 0x8664, changed.readUInt32LE(60) + 4);
  return { bytes: changed, target: target.replace(process.arch, arch) };
}

describe("the platform of a library", () => {
  /** A header of 128 bytes with numbers at some places, and a text after it. */
  function header(bytes: readonly (readonly [number, readonly number[]])[], text = ""): Buffer {
    const made = Buffer.alloc(128);
    for (const [at, values] of bytes) made.set(values, at);
    return Buffer.concat([made, Buffer.from(text, "latin1")]);
  }
  const elf = [0x7f, 0x45, 0x4c, 0x46, 2, 1];

  it.each([
    [
      "linux-x64-gnu",
      header(
        [
          [0, elf],
          [18, [62, 0]],
        ],
        "\0libc.so.6\0",
      ),
    ],
    [
      "linux-arm64-gnu",
      header(
        [
          [0, elf],
          [18, [183, 0]],
        ],
        "\0libc.so.6\0",
      ),
    ],
    [
      "linux-x64-musl",
      header(
        [
          [0, elf],
          [18, [62, 0]],
        ],
        "\0libc.so\0",
      ),
    ],
    [
      "linux-arm64-musl",
      header(
        [
          [0, elf],
          [18, [183, 0]],
        ],
        "\0libc.musl-aarch64.so.1\0",
      ),
    ],
    [
      "linux-another-musl",
      header([
        [0, elf],
        [18, [22, 0]],
      ]),
    ],
    ["darwin-arm64", header([[0, [0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1]]])],
    ["darwin-x64", header([[0, [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1]]])],
    [
      "win32-x64-msvc",
      header([
        [0, [0x4d, 0x5a]],
        [60, [64]],
        [64, [0x50, 0x45, 0, 0, 0x64, 0x86]],
      ]),
    ],
    [
      "win32-arm64-msvc",
      header([
        [0, [0x4d, 0x5a]],
        [60, [64]],
        [64, [0x50, 0x45, 0, 0, 0x64, 0xaa]],
      ]),
    ],
    [
      undefined,
      header([
        [0, [0x4d, 0x5a]],
        [60, [0xff, 0xff, 0xff]],
      ]),
    ],
    [undefined, Buffer.from("no library")],
    [undefined, Buffer.alloc(200)],
  ])("is read from its header: %s", (expected, library) => {
    expect(madeFor(library)).toBe(expected);
  });

  it("is this one's for the addon of the clone", () => {
    expect(madeFor(readFileSync(addonFile("plain").file))).toBe(target);
  });
});
