// Links of pages to files outside of docs, such as examples: on the site they lead to the repository, on a disk to the file.
// One to a file that is not there fails the build, as a dead link between pages does.
import { existsSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/**
 * A plugin of markdown-it.
 *
 * @param md - the parser
 * @param folders - the repository's root, the pages' folder in it, and where the repository is on the web
 */
export function repositoryLinks(md, { root, docs, url }) {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === "link_open" ? (token.attrGet("href") ?? "") : "";
      if (!href.startsWith("../")) continue;
      const [path, anchor] = href.split("#");
      const target = resolve(dirname(join(docs, env.relativePath)), decodeURI(path));
      if (target.startsWith(docs + sep)) continue;
      if (!existsSync(target)) throw new Error(`${env.relativePath}: dead link ${href}`);
      const name = relative(root, target).split(sep).join("/");
      token.attrSet("href", `${url}/blob/main/${name}${anchor === undefined ? "" : `#${anchor}`}`);
    }
  });
}
