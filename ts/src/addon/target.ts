// The name of this platform, as it stands in the names of addons and packages, and the platforms that there are packages for.
// The C library is read from Node's own file: a diagnostic report says it, too, but takes a tenth of the time that importing may take.
import { closeSync, openSync, readSync } from "node:fs";

/** Platforms that the package of an addon is published for; `napi.targets` of package.json, as names. */
export const published: readonly string[] = [
  "linux-x64-gnu",
  "linux-arm64-gnu",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-arm64",
  "darwin-x64",
  "win32-x64-msvc",
];

/** Platforms that the package of an addon with CUDA is published for. */
export const publishedCuda: readonly string[] = ["linux-x64-gnu"];

/** Where the path of an executable's loader stands, unless a tool moved it. */
const HEADER_BYTES = 4096;

function startOf(file: string): string {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(HEADER_BYTES);
    return bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** The C library that this Node runs on. */
function libraryOfNode(): "gnu" | "musl" {
  const loader = /\/ld-(musl|linux)[^/\0]*\.so/.exec(startOf(process.execPath));
  if (loader !== null) return loader[1] === "musl" ? "musl" : "gnu";
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime ? "gnu" : "musl";
}

/** platform-arch, with the C library or compiler where there are several: the middle of an addon's name. */
export function addonTarget(): string {
  const { platform, arch } = process;
  if (platform === "linux") return `linux-${arch}-${libraryOfNode()}`;
  return platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}
