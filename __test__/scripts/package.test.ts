// What is published: manifests, the order of a release, and that loader, list of platforms and workflow name the same.
// What only the tarballs show is in npm run test:package.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as thalweg from "thalweg";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import lock from "../../package-lock.json" with { type: "json" };
import { byVersion, glibcNeeded, versionsNeeded } from "../../scripts/package/glibc.mjs";
import { addonManifest, addonReadme, mainManifest } from "../../scripts/package/manifests.mjs";
import { addonPackage, cudaPlatform, platformOf, platforms, tarballName } from "../../scripts/package/platforms.mjs";
import { release } from "../../scripts/package/release.mjs";
import { workflowViolations } from "../../scripts/workflows.mjs";
import { published, publishedCuda } from "../../ts/src/addon/target.ts";
import { addonFile, addonTarget } from "../../ts/src/addon.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { version } = manifest;
const workflow = readFileSync(join(root, ".github", "workflows", "release.yml"), "utf8");

describe("platforms", () => {
  it("are the same in package.json, the loader and the workflow", () => {
    const names = platforms.map(({ name }: { readonly name: string }) => name);
    expect(names).toEqual(published);
    expect([cudaPlatform.name]).toEqual(publishedCuda);
    expect([...workflow.matchAll(/- platform: (\S+)/g)].map(([, name]) => name)).toEqual(names);
  });

  it("have npm's fields, and are found by either name", () => {
    expect(platformOf("aarch64-unknown-linux-musl")).toEqual({
      target: "aarch64-unknown-linux-musl",
      name: "linux-arm64-musl",
      os: "linux",
      cpu: "arm64",
      libc: "musl",
    });
    expect(platformOf("win32-x64-msvc")).toMatchObject({ os: "win32", cpu: "x64", libc: undefined });
    expect(() => platformOf("linux-s390x-gnu")).toThrow(/is no platform of ours; expected one of linux-x64-gnu,/);
  });

  it("name files as the loader looks for them", () => {
    for (const kind of ["plain", "cuda"] as const) {
      expect(addonPackage(platformOf(addonTarget()), kind).file).toBe(addonFile(kind).name);
    }
  });
});

describe("the main package", () => {
  const packed = mainManifest();

  it("depends on the addon of each platform in exactly its version, and optionally", () => {
    const expected = published.map((name) => [`@thalweg/${name}`, version]);
    expect(packed.optionalDependencies).toEqual(Object.fromEntries(expected));
  });

  it("offers the addon with CUDA without installing it", () => {
    expect(packed.peerDependencies).toMatchObject({ "@thalweg/cuda-linux-x64-gnu": version });
    expect(packed.peerDependenciesMeta).toMatchObject({ "@thalweg/cuda-linux-x64-gnu": { optional: true } });
    expect(Object.keys(packed.optionalDependencies).filter((name) => name.includes("cuda"))).toEqual([]);
  });

  it("carries nothing that only the repository needs", () => {
    for (const key of ["private", "scripts", "devDependencies", "napi", "overrides"])
      expect(packed).not.toHaveProperty(key);
    for (const key of ["name", "version", "exports", "types", "bin", "files", "dependencies", "engines"]) {
      expect(packed[key as keyof typeof packed]).toEqual(manifest[key as keyof typeof manifest]);
    }
  });

  it("is not published from the repository, which asks for no platform package", () => {
    expect(manifest.private).toBe(true);
    expect(Object.keys(lock.packages).filter((path) => path.includes("@thalweg/"))).toEqual([]);
  });

  it("depends on every package that its sources name, and on no other", () => {
    const folder = join(root, "ts", "src");
    const texts = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(join(folder, name), "utf8").replace(/^\s*\*.*$/gm, ""));
    const named = texts.flatMap((text) => [
      ...text.matchAll(/(?:from|import\(|lazily<[^>]*>\(|packageFile\()\s*"((?:@[\w.-]+\/)?[\w-][\w.-]*)[^"]*"/g),
    ]);
    // Programs that init writes import thalweg itself.
    const names = new Set(
      named.map(([, name]) => name as string).filter((name) => !["node", "thalweg"].includes(name)),
    );
    const dependencies = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
    expect([...names].sort()).toEqual(dependencies.sort());
  });

  it("keeps the names of classes, though it is a bundle", async () => {
    const built: typeof thalweg = await import(join(root, "ts", "dist", "index.js"));
    const named = (exports: object) =>
      Object.entries(exports).filter(([, value]) => typeof value === "function" && /^class\b/.test(String(value)));
    const classes = [...named(built), ...named(built.nn)];
    expect(classes.length).toBeGreaterThan(40);
    for (const [name, value] of classes) expect(value.name).toBe(name);
  });
});

describe("the package of an addon", () => {
  it("is chosen by system, processor and C library, and runs no script", () => {
    expect(addonManifest(platformOf("linux-x64-gnu"))).toEqual({
      name: "@thalweg/linux-x64-gnu",
      version,
      description: "The native addon of thalweg for linux-x64-gnu.",
      license: manifest.license,
      repository: manifest.repository,
      engines: manifest.engines,
      os: ["linux"],
      cpu: ["x64"],
      libc: ["glibc"],
      type: "commonjs",
      main: "thalweg.linux-x64-gnu.node",
      files: ["thalweg.linux-x64-gnu.node"],
      preferUnplugged: true,
    });
    expect(addonManifest(platformOf("darwin-arm64"))).not.toHaveProperty("libc");
  });

  it("with CUDA is another one, which says what it needs", () => {
    expect(addonManifest(cudaPlatform, "cuda")).toMatchObject({
      name: "@thalweg/cuda-linux-x64-gnu",
      main: "thalweg-cuda.linux-x64-gnu.node",
    });
    expect(addonReadme(cudaPlatform, "cuda")).toMatch(/npm install thalweg @thalweg\/cuda-linux-x64-gnu.*driver 580/s);
  });
});

describe("a release", () => {
  const all = [
    ...published.map((name) => `thalweg-${name}-${version}.tgz`),
    `thalweg-cuda-linux-x64-gnu-${version}.tgz`,
    `thalweg-${version}.tgz`,
  ];

  it("publishes the main package last, after all addons", () => {
    const packages = release([...all].sort(), `v${version}`);
    expect(packages.map(({ tarball }: { readonly tarball: string }) => tarball)).toEqual(all);
    expect(packages.at(-1)).toEqual({ name: "thalweg", tarball: tarballName("thalweg") });
  });

  it("is refused where a package is missing, or where the tag is another version's", () => {
    expect(() => release(all.slice(1), undefined)).toThrow("were not built: @thalweg/linux-x64-gnu.");
    expect(() => release(all, "v9.9.9")).toThrow(`The tag is v9.9.9, but package.json says ${version}.`);
  });

  it("has workflows without a mistake, and a mistake would be found", async () => {
    expect(await workflowViolations(workflow, "release.yml")).toEqual([]);
    const wrong = workflow.replace("matrix.platform }}", "matrix.platfrom }}");
    expect((await workflowViolations(wrong, "release.yml")).join()).toContain('property "platfrom" is not defined');
  });
});

describe("versions of glibc", () => {
  it("are read from a library, all that its text names and no other", () => {
    const library = readFileSync(addonFile("plain").file);
    const text = new Set<string>();
    for (let at = library.indexOf("\0GLIBC_"); at >= 0; at = library.indexOf("\0GLIBC_", at + 1)) {
      text.add(library.toString("latin1", at + 1, library.indexOf(0, at + 1)));
    }
    expect(versionsNeeded(library).filter((name: string) => name.startsWith("GLIBC_"))).toEqual([...text].sort());
    const linux = addonTarget().endsWith("-gnu");
    expect(glibcNeeded(library) !== undefined).toBe(linux);
  });

  it("are ordered by their numbers", () => {
    expect(["2.4", "2.28", "2.2.5", "2.17", "2.2"].sort(byVersion)).toEqual(["2.2", "2.2.5", "2.4", "2.17", "2.28"]);
  });

  it("are none in what is no library", () => {
    expect(versionsNeeded(Buffer.from("no library"))).toEqual([]);
    expect(glibcNeeded(Buffer.alloc(500))).toBeUndefined();
  });
});
