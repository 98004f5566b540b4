// node scripts/publish.mjs: publishes the tarballs of target/packages with their provenance; only the release workflow runs it.
// What is there already is left out, so that a release that was interrupted can go on. --dry-run publishes nothing.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, main, run } from "./lib/process.mjs";
import { tarballs } from "./package/pack.mjs";
import { manifest } from "./package/platforms.mjs";
import { release } from "./package/release.mjs";

async function isPublished(name) {
  const { ok, stdout } = await run("npm", ["view", `${name}@${manifest.version}`, "version"], { quiet: true });
  return ok && stdout.trim() === manifest.version;
}

await main(async () => {
  const dry = process.argv.includes("--dry-run");
  const { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: name } = process.env;
  for (const { name: packageName, tarball } of release(readdirSync(tarballs), type === "tag" ? name : undefined)) {
    if (!dry && (await isPublished(packageName))) {
      console.log(`${packageName} ${manifest.version} is published already.`);
      continue;
    }
    const how = dry ? ["--dry-run"] : ["--provenance"];
    const { ok } = await run("npm", ["publish", join(tarballs, tarball), "--access", "public", ...how]);
    if (!ok) throw new Failure(`${packageName} was not published (see above).`);
  }
});
