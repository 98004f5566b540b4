// The package.json of what is published: of the main package, and of an addon's.
// The repository's own names none of the platform packages: they are not there before the first release, and later of another version,
// so that `npm ci` of a clone would fail or fetch an addon that is not the one built from the sources.
import { addonPackage, cudaPlatform, manifest, platforms } from "./platforms.mjs";

const { version, license, repository, engines } = manifest;

/** Fields that only the repository needs. */
const repositoryOnly = ["private", "scripts", "napi", "devDependencies", "overrides"];

/** The main package: the repository's fields, and every platform's package in exactly this version. */
export function mainManifest() {
  const kept = Object.entries(manifest).filter(([key]) => !repositoryOnly.includes(key));
  const addons = platforms.map((platform) => [addonPackage(platform).packageName, version]);
  // A peer, so that package managers which hide a package's neighbours show it this one; optional, so that none installs it by itself.
  const cuda = addonPackage(cudaPlatform, "cuda").packageName;
  return {
    ...Object.fromEntries(kept),
    optionalDependencies: Object.fromEntries(addons),
    peerDependencies: { ...manifest.peerDependencies, [cuda]: version },
    peerDependenciesMeta: { ...manifest.peerDependenciesMeta, [cuda]: { optional: true } },
  };
}

/** The package of an addon: npm installs it where `os`, `cpu` and `libc` fit. */
export function addonManifest(platform, kind = "plain") {
  const { packageName, file } = addonPackage(platform, kind);
  const { name, os, cpu, libc } = platform;
  return {
    name: packageName,
    version,
    description: `The native addon of thalweg for ${name}${kind === "cuda" ? ", with CUDA" : ""}.`,
    license,
    repository,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
    type: "commonjs",
    main: file,
    files: [file],
    // Yarn keeps packages in archives, from which a system cannot load a library.
    preferUnplugged: true,
  };
}

/** The README of an addon's package. */
export function addonReadme(platform, kind = "plain") {
  const { packageName } = addonPackage(platform, kind);
  const { description } = addonManifest(platform, kind);
  const install =
    kind === "cuda"
      ? `Install it beside thalweg, in the same version: \`npm install thalweg ${packageName}\`. It needs NVIDIA's driver 580 or later, and cuBLAS and
NVRTC of CUDA 13. \`npx thalweg doctor\` says what it finds.`
      : "It comes with `npm install thalweg`, where the platform fits, and is of no use alone.";
  return `# ${packageName}\n\n${description}\n\n${install}\n`;
}
