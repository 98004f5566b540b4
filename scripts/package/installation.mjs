// A folder of a user's: thalweg installed from its tarball by npm, with no Rust to be found, and what is run in it.
// npm chooses the addon's package from a registry on this machine, by the system, the processor and the C library.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { root } from "../lib/paths.mjs";
import { Failure, run } from "../lib/process.mjs";
import { unpack } from "./checks.mjs";
import { serveAddons } from "./registry.mjs";

const programs = join(root, "scripts", "package", "programs");

/** An environment without Rust, without what npm says to the scripts that it runs, and without settings of ours. */
function cleanEnvironment() {
  const rust = (folder) => ["cargo", "rustc", "cargo.exe", "rustc.exe"].some((name) => existsSync(join(folder, name)));
  const ours =
    /^(npm_(package|lifecycle|command|config_local_prefix)|INIT_CWD$|NODE_OPTIONS$|NODE_PATH$|THALWEG_|CARGO|RUST)/i;
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name));
  const path = (process.env.PATH ?? "").split(delimiter).filter((folder) => !rust(folder));
  return { ...Object.fromEntries(kept), PATH: [dirname(process.execPath), ...path].join(delimiter) };
}

/** Runs a program in a user's environment, which is not added to this script's own. */
async function runClean(program, args, cwd, env) {
  // `run` adds this process's environment: what is not kept must be unset.
  const unset = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  const result = await run(program, args, { cwd, env: { ...unset, ...env }, quiet: true });
  if (!result.ok)
    throw new Failure(`${program} ${args.join(" ")} ended with ${result.status}:\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

/** Runs npm where the packages of addons are those of `addons`, names with their tarballs. */
async function npm(args, folder, env, addons) {
  const registry = await serveAddons(addons);
  try {
    writeFileSync(join(folder, ".npmrc"), `@thalweg:registry=${registry.address}\n`);
    await runClean("npm", [...args, "--no-audit", "--no-fund"], folder, env);
  } finally {
    registry.close();
  }
}

/** Installs the main tarball into a new folder; `addons` are tarballs that the registry has, by the names of packages. */
export async function installation(tarball, addons) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "thalweg-user-")));
  const env = cleanEnvironment();
  writeFileSync(join(folder, "package.json"), '{ "name": "user", "private": true }\n');
  await npm(["install", tarball], folder, env, addons);
  cpSync(programs, folder, { recursive: true });
  return {
    folder,
    /** Packages of ours that npm installed, beside the main one. */
    addons: () => readdirSync(join(folder, "node_modules", "@thalweg")).map((name) => `@thalweg/${name}`),
    install: (name) => npm(["install", name], folder, env, addons),
    /** Runs Node with these arguments: a file of `programs`, say. */
    node: (args, { program = process.execPath, env: more = {} } = {}) =>
      runClean(program, args, folder, { ...env, ...more }),
    npx: (args) => runClean("npx", ["--no-install", ...args], folder, env),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A folder with a main package and no addon, beside the packages that the repository has: enough to compile against. */
export function linked(tarball) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "thalweg-linked-")));
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  renameSync(unpack(tarball, folder), join(modules, "thalweg"));
  const { dependencies } = JSON.parse(readFileSync(join(modules, "thalweg", "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name), "junction");
  }
  cpSync(programs, folder, { recursive: true });
  return {
    folder,
    node: (args) => runClean(process.execPath, args, folder, cleanEnvironment()),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
