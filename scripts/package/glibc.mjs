// The versions of glibc's symbols that a library asks for, read from its ELF sections.
// A library built on a new system often asks for new symbols, and then loads on no older one; a build that runs is no proof.
import { readFileSync } from "node:fs";
import { Failure } from "../lib/process.mjs";
import { oldestGlibc } from "./platforms.mjs";

const SECTION_VERSIONS_NEEDED = 0x6ffffffe;

/** Whether a library is ELF for 64-bit machines with the small byte first, as all of ours for Linux are. */
const isElf = (library) =>
  library.length > 64 && library.readUInt32BE(0) === 0x7f454c46 && library.readUInt16LE(4) === 0x0102;

function sections(library) {
  const [start, size, count] = [
    Number(library.readBigUInt64LE(40)),
    library.readUInt16LE(58),
    library.readUInt16LE(60),
  ];
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * size;
    return {
      type: library.readUInt32LE(at + 4),
      offset: Number(library.readBigUInt64LE(at + 24)),
      link: library.readUInt32LE(at + 40),
      // For the section of versions: how many libraries it names.
      info: library.readUInt32LE(at + 44),
    };
  });
}

/** Names of the versions that a library asks of others, such as "GLIBC_2.28"; none where it is no such library. */
export function versionsNeeded(library) {
  if (!isElf(library)) return [];
  const all = sections(library);
  const section = all.find(({ type }) => type === SECTION_VERSIONS_NEEDED);
  if (section === undefined) return [];
  const text = (offset) => {
    const start = all[section.link].offset + offset;
    return library.toString("latin1", start, library.indexOf(0, start));
  };
  const found = [];
  for (let file = section.offset, i = 0; i < section.info; i += 1) {
    for (let version = file + library.readUInt32LE(file + 8), k = 0; k < library.readUInt16LE(file + 2); k += 1) {
      found.push(text(library.readUInt32LE(version + 8)));
      version += library.readUInt32LE(version + 12);
    }
    file += library.readUInt32LE(file + 12);
  }
  return [...new Set(found)].sort();
}

/** Orders versions by their numbers, the first that differs. */
export function byVersion(a, b) {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  const places = Array.from({ length: Math.max(left.length, right.length) }, (_, i) => i);
  return places.map((i) => (left[i] ?? 0) - (right[i] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** The newest version of glibc that a library needs, such as "2.28"; undefined where it needs none. */
export function glibcNeeded(library) {
  const versions = versionsNeeded(library).flatMap((name) => /^GLIBC_([\d.]+)$/.exec(name)?.[1] ?? []);
  return versions.sort(byVersion).at(-1);
}

/** The version of glibc that an addon needs, or a failure where systems that are supported may be older. */
export function oldEnough(addon) {
  const needed = glibcNeeded(readFileSync(addon));
  if (needed === undefined)
    throw new Failure(`${addon} asks for no version of glibc, as if it were for another system.`);
  if (byVersion(needed, oldestGlibc) <= 0) return needed;
  throw new Failure(`${addon} needs glibc ${needed}; what is published needs ${oldestGlibc} at most.`);
}
