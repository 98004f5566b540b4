// What platform a native library is made for, read from its header, and why one could not be loaded.
// What the system's loader says of a library for another machine is hard to understand, and differs everywhere.
import { readFileSync } from "node:fs";

const elfMachines: Readonly<Record<number, string>> = { 3: "ia32", 40: "arm", 62: "x64", 183: "arm64", 243: "riscv64" };
const machMachines: Readonly<Record<number, string>> = { 16777223: "x64", 16777228: "arm64" };
const windowsMachines: Readonly<Record<number, string>> = { 332: "ia32", 34404: "x64", 43620: "arm64" };

const known = (system: string, machine: string | undefined, end = "") => `${system}-${machine ?? "another"}${end}`;

/** The name of the platform that a library is made for, as in `addonTarget()`; undefined where it is no library. */
export function madeFor(library: Buffer): string | undefined {
  if (library.length < 64) return undefined;
  if (library.readUInt32BE(0) === 0x7f45_4c46) {
    // Libraries for glibc name its file, libc.so.6; those for musl another one.
    return known("linux", elfMachines[library.readUInt16LE(18)], library.includes("\0libc.so.6\0") ? "-gnu" : "-musl");
  }
  if (library.readUInt32LE(0) === 0xfeed_facf) return known("darwin", machMachines[library.readUInt32LE(4)]);
  if (library.toString("latin1", 0, 2) !== "MZ") return undefined;
  const header = library.readUInt32LE(60);
  if (header + 6 > library.length || library.toString("latin1", header, header + 4) !== "PE\0\0") return undefined;
  return known("win32", windowsMachines[library.readUInt16LE(header + 4)], "-msvc");
}

/** Why a library that is there could not be loaded, in words. */
export function whyNotLoaded(file: string, target: string, cause: unknown): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  const [, glibc] = /GLIBC_([\d.]+)' not found/.exec(said) ?? [];
  if (glibc !== undefined) return `it needs glibc ${glibc} or later, and this system's is older: ${said}`;
  const made = madeFor(readFileSync(file));
  if (made === undefined) return `it is damaged, or no library: ${said}`;
  return made === target ? `the system says: ${said}` : `it is made for ${made}: ${said}`;
}
