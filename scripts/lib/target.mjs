// The name of this platform in an addon's file name, such as linux-x64-gnu.
// ts/src/addon.ts computes the same; a test compares the two.

/** platform-arch, with the C library or compiler where there are several. */
export function addonTarget() {
  const { platform, arch } = process;
  if (platform === "linux") {
    const { glibcVersionRuntime } = process.report.getReport().header;
    return `linux-${arch}-${glibcVersionRuntime ? "gnu" : "musl"}`;
  }
  return platform === "win32" ? `win32-${arch}-msvc` : `${platform}-${arch}`;
}
