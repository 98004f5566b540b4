// npm run test:package: makes the tarballs, installs them where there is no Rust, and checks all that a user relies on.
// -- --built: with the tarballs that are there; -- --main: without an addon; -- --node current: on this Node alone; -- --cuda: with CUDA, too.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { duration } from "./lib/counts.mjs";
import { root } from "./lib/paths.mjs";
import { Failure, main, run } from "./lib/process.mjs";
import { addonTarget } from "./lib/target.mjs";

function wanted() {
  try {
    const flag = { type: "boolean", default: false };
    const options = { built: flag, main: flag, cuda: flag, node: { type: "string", default: "all" } };
    const { values } = parseArgs({ options });
    if (values.node !== "all" && values.node !== "current") throw new Error(`--node: got ${values.node}`);
    return values;
  } catch (error) {
    throw new Failure(`${error.message}\nUsage: npm run test:package [-- --built] [--main] [--node current] [--cuda]`);
  }
}

async function make(kinds) {
  const script = join(root, "scripts", "package.mjs");
  const plain = kinds.includes("plain") ? ["--target", addonTarget()] : [];
  const { ok } = await run(process.execPath, [
    script,
    "--main",
    ...plain,
    ...(kinds.includes("cuda") ? ["--cuda"] : []),
  ]);
  if (!ok) throw new Failure("The packages could not be made (see above).");
}

/** The main tarball, and those of addons by the names of their packages. */
async function found(kinds) {
  const { addonPackage, platformOf, tarballName } = await import("./package/platforms.mjs");
  const { tarballs } = await import("./package/pack.mjs");
  const platform = platformOf(addonTarget());
  const fileOf = (name) => {
    const file = join(tarballs, tarballName(name));
    if (!existsSync(file)) throw new Failure(`There is no ${file}. Remedy: run npm run package.`);
    return file;
  };
  const names = kinds.map((kind) => addonPackage(platform, kind).packageName);
  return {
    platform,
    mainTarball: fileOf("thalweg"),
    addons: Object.fromEntries(names.map((name) => [name, fileOf(name)])),
  };
}

/** Checks of the tarballs by themselves, as names and bodies. */
async function ofTarballs({ platform, mainTarball, addons }) {
  const checks = await import("./package/checks.mjs");
  const main = /^(LICENSE|README\.md|CHANGELOG\.md|package\.json|ts\/dist\/[\w/-]+(\.d\.ts|\.js))$/;
  const addon = /^(LICENSE|README\.md|package\.json|thalweg[\w.-]*\.node)$/;
  return [
    ["thalweg: contents", () => checks.contents(mainTarball, main)],
    ["thalweg: publint", () => checks.publint(mainTarball)],
    ["thalweg: are the types wrong", () => checks.typesResolve(mainTarball)],
    ...Object.entries(addons).flatMap(([name, tarball]) => [
      [`${name}: contents`, () => checks.contents(tarball, addon)],
      [`${name}: publint`, () => checks.publint(tarball)],
      [`${name}: size`, () => checks.size(tarball, name.includes("cuda"))],
      ...(platform.libc === "glibc" ? [[`${name}: symbols`, () => checks.glibc(tarball)]] : []),
    ]),
  ];
}

/** Checks that the types resolve where the package is. */
async function ofTypes(installed) {
  const { typesCompile } = await import("./package/types.mjs");
  return ["nodenext", "bundler"].map((way) => [`types: ${way}`, () => typesCompile(installed, way)]);
}

/** Checks of what is installed; `other` is a second folder. */
async function ofInstallation(installed, other, versions) {
  const { importTime } = await import("./package/import-time.mjs");
  const { manifest } = await import("./package/platforms.mjs");
  const programs = [
    ["import.mjs", manifest.version],
    ["require.cjs", manifest.version],
    ["workers.mjs"],
    ["copies.mjs", other.folder],
    ["plots.mjs", other.folder],
  ];
  const doctor = async () => {
    const { addons, problems } = JSON.parse(await installed.npx(["thalweg", "doctor", "--json"]));
    if (!addons[0].installed || problems.length > 0) throw new Failure(problems.join("\n"));
    return "no problem";
  };
  return [
    ["npx thalweg doctor", doctor],
    ...(await ofTypes(installed)),
    ...versions.flatMap(({ version, program }) => [
      ...programs.map(([file, ...args]) => [
        `Node ${version}: ${file}`,
        async () => {
          await installed.node([file, ...args], { program });
          return "works";
        },
      ]),
      [`Node ${version}: time of importing`, () => importTime(installed, program)],
    ]),
  ];
}

/** Adds the addon with CUDA as a user does; without a GPU it answers that there is none. */
async function withCuda(installed, addons) {
  const [, name] = Object.keys(addons);
  await installed.install(name);
  const ask =
    'import { randn } from "thalweg"; await randn([2], { seed: 0 }).data().then(() => console.log("computed"), (e) => console.log(e.message));';
  const said = await installed.node(["--input-type=module", "--eval", ask], { env: { THALWEG_DEVICE: "cuda" } });
  if (!/^(computed|no CUDA device: )/.test(said)) throw new Failure(said);
  return said.trim().slice(0, 100);
}

/** Runs checks one after the other; resolves to how many failed. */
async function checked(checks) {
  let failed = 0;
  for (const [name, body] of checks) {
    try {
      console.log(`ok    ${name}: ${await body()}`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed += 1;
      console.log(`FAIL  ${name}: ${error.message}`);
    }
  }
  return failed;
}

/** Installs twice, and checks what there is. */
async function checkInstalled({ mainTarball, addons }, versions, cuda) {
  const { installation } = await import("./package/installation.mjs");
  const folders = [];
  try {
    for (let i = 0; i < 2; i += 1) folders.push(await installation(mainTarball, addons));
    const [installed, other] = folders;
    const [plain] = Object.keys(addons);
    const chosen = () => {
      const got = installed.addons().join(", ");
      if (got !== plain) throw new Failure(`npm installed ${got} instead of ${plain}`);
      return `npm chose ${got}, without Rust`;
    };
    const checks = [["installation", chosen], ...(await ofInstallation(installed, other, versions))];
    const optIn = [["installation with CUDA", () => withCuda(installed, addons)]];
    return await checked([...checks, ...(cuda ? optIn : [])]);
  } finally {
    for (const each of folders) each.remove();
  }
}

/** Checks the types of a main package that has no addon. */
async function checkLinked({ mainTarball }) {
  const { linked } = await import("./package/installation.mjs");
  const folder = linked(mainTarball);
  try {
    return await checked(await ofTypes(folder));
  } finally {
    folder.remove();
  }
}

await main(async () => {
  const { built, main: mainAlone, node, cuda } = wanted();
  const start = performance.now();
  const kinds = mainAlone ? [] : ["plain", ...(cuda ? ["cuda"] : [])];
  if (!built) await make(kinds);
  const { nodes } = await import("./package/nodes.mjs");
  const tarballs = await found(kinds);
  let failed = await checked(await ofTarballs(tarballs));
  if (mainAlone) failed += await checkLinked(tarballs);
  else failed += await checkInstalled(tarballs, await nodes(node === "current"), cuda);
  const seconds = (performance.now() - start) / 1000;
  if (failed > 0) throw new Failure(`test:package: ${failed} failed, ${duration(seconds)}`);
  console.log(`\ntest:package: everything passed, ${duration(seconds)}`);
});
