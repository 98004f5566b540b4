// A registry on this machine that has the packages of addons, as after a release: npm chooses among them as it does for a user.
// They are in no other registry before a release, and afterwards it has those of another build.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { addonManifest } from "./manifests.mjs";
import { cudaPlatform, platforms } from "./platforms.mjs";

/** What a registry says of a package of which there is one version; `tarball` is its address and content. */
function entry(manifest, { address, content }) {
  const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
  const { name, version } = manifest;
  const versions = { [version]: { ...manifest, dist: { tarball: address, integrity } } };
  return { name, "dist-tags": { latest: version }, versions };
}

/**
 * Serves the packages of all addons. Those without a tarball among `files` (name of the package → its file) are known, and cannot be
 * fetched, so that an installation that takes one of them fails.
 *
 * Resolves to the address, and to what closes it.
 */
export async function serveAddons(files) {
  const manifests = [...platforms.map((each) => addonManifest(each)), addonManifest(cudaPlatform, "cuda")];
  const server = createServer(({ url }, response) => {
    const [name, isTarball] = [decodeURIComponent(url.slice(1)).replace(/\.tgz$/, ""), url.endsWith(".tgz")];
    const manifest = manifests.find((each) => each.name === name);
    const file = files[name];
    const content = file !== undefined && existsSync(file) ? readFileSync(file) : undefined;
    if (manifest === undefined || (isTarball && content === undefined)) return response.writeHead(404).end();
    if (isTarball) return response.end(content);
    const address = `http://${server.address().address}:${server.address().port}/${encodeURIComponent(name)}.tgz`;
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify(entry(manifest, { address, content: content ?? "" })));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
