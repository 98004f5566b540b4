// Lists and hashes of files.
// Builds are skipped by content, not by time: a clone gives every file a new time.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Every file below a folder (or the file itself), sorted. */
export function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

/** SHA-256 over names and contents of files, and over further texts. */
export function hashOf(root, paths, texts = []) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap((path) => filesBelow(join(root, path)))) {
    hash
      .update(`${relative(root, file).split(sep).join("/")}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  for (const text of texts) hash.update(text).update("\0");
  return hash.digest("hex");
}

/** A file's text, or undefined where there is none. */
export function textOf(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
