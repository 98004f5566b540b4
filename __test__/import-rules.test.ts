// The checker of import rules refuses what it should: each planted violation is found, and a clean tree has none.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { importViolations } from "../scripts/import-rules.mjs";

let base: string;

function plant(path: string, text: string): void {
  const file = join(base, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function plantCrate(name: string, manifest = "", source = ""): void {
  plant(`crates/${name}/Cargo.toml`, `[package]\nname = "thalweg-${name}"\nversion = "0.1.0"\n${manifest}`);
  plant(`crates/${name}/src/lib.rs`, source);
}

const use = (crate: string) => `thalweg-${crate} = { path = "../${crate}" }\n`;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "thalweg-rules-"));
  plant("Cargo.toml", '[workspace]\nresolver = "2"\nmembers = ["crates/*"]\n');
  plantCrate("graph");
  plantCrate("engine", `[dependencies]\n${use("graph")}candle-core = "0.11"\n`);
  plantCrate("path", `[dependencies]\n${use("graph")}[dev-dependencies]\n${use("engine")}`);
  plantCrate("nn", `[dependencies]\n${use("graph")}`);
  plantCrate("model", `[dependencies]\n${use("engine")}${use("path")}${use("nn")}`);
  plantCrate("node", `[dependencies]\n${use("model")}napi = "3"\n[build-dependencies]\nnapi-build = "2"\n`);
  plant("ts/src/errors.ts", "export class A extends Error {}\n");
  plant("ts/src/native.ts", 'import { createRequire } from "node:module";\nimport { A } from "./errors.js";\n');
  plant("ts/src/config/path.ts", 'import { A } from "../errors.js";\nimport { z } from "zod";\n');
  plant("ts/src/tensor.ts", 'import { native } from "./native.js";\nimport { p } from "./config/path.js";\n');
  plant("ts/src/model/index.ts", 'import type { Tensor } from "../tensor.js";\n');
  plant("ts/src/index.ts", 'export * from "./model/index.js";\n');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it("a tree that keeps the rules has no violation", async () => {
  expect(await importViolations(base)).toEqual([]);
});

describe("in Cargo, a violation is found where", () => {
  it.each([
    ["siblings import each other", "nn", `[dependencies]\n${use("path")}`, "crates/nn may not use crates/path"],
    ["graph uses engine", "graph", `[dependencies]\n${use("engine")}`, "crates/graph may not use crates/engine"],
    [
      "engine is more than a dev-dependency",
      "path",
      `[dependencies]\n${use("engine")}`,
      "crates/path may not use crates/engine",
    ],
    [
      "graph's tests use engine",
      "graph",
      `[dev-dependencies]\n${use("engine")}`,
      "crates/graph may not use crates/engine (dev)",
    ],
    ["node reaches past model", "node", `[dependencies]\n${use("nn")}`, "crates/node may not use crates/nn"],
    ["another crate uses candle", "nn", '[dependencies]\ncandle-nn = "0.11"\n', "only engine may use candle-nn"],
    ["another crate uses gemm", "model", '[dependencies]\ngemm = "0.19"\n', "only engine may use gemm"],
    ["another crate uses cudarc", "path", '[dependencies]\ncudarc = "0.19"\n', "only engine may use cudarc"],
    ["another crate uses napi", "model", '[build-dependencies]\nnapi-build = "2"\n', "only node may use napi-build"],
    ["a renamed package hides it", "nn", '[dependencies]\nx = { package = "napi", version = "3" }\n', "may use napi"],
    ["a crate is unknown", "stray", "", "crates/stray is not in the table"],
  ])("%s", async (_, crate, manifest, expected) => {
    plantCrate(crate, manifest);
    expect((await importViolations(base)).join("\n")).toContain(expected);
  });

  it("graph reads a file", async () => {
    plantCrate("graph", "", "use std::fs::File;\n");
    expect((await importViolations(base)).join("\n")).toContain("lib.rs: crate graph may not use");
  });
});

describe("in ts/src, a violation is found where", () => {
  it.each([
    ["a layer imports a later one", "config/a.ts", 'import "../tensor.js";\n', "config may not import tensor.js"],
    ["only a type is imported", "tensor.ts", 'import type { M } from "./model/index.js";\n', "tensor may not import"],
    ["an import is dynamic", "tensor.ts", 'export const m = () => import("./model/index.js");\n', "tensor may not"],
    ["an export leads on", "tensor.ts", 'export { m } from "./model/index.js";\n', "tensor may not import"],
    ["a part imports the index", "model/a.ts", 'import "../index.js";\n', "model may not import index.js"],
    ["native imports a layer", "native.ts", 'import "./tensor.js";\n', "native may not import tensor.js"],
    ["an import leaves ts/src", "tensor.ts", 'import "../../scripts/x.mjs";\n', "tensor may not import"],
    ["a part is unknown", "utils.ts", "export {};\n", "utils is not in the table"],
    ["another file makes a require", "model/b.ts", 'import { createRequire } from "node:module";\n', "only native.ts"],
    ["another file asks where it is", "model/b.ts", "export const url = import.meta.url;\n", "may use import.meta"],
    ["another file names an addon", "tensor.ts", 'const f = "../native/thalweg.node";\n', "only native.ts"],
  ])("%s", async (_, path, text, expected) => {
    plant(`ts/src/${path}`, text);
    expect((await importViolations(base)).join("\n")).toContain(expected);
  });
});
