// The documentation's site: the pages of docs, the reports of docs/generated and the reference of docs/api, with search and formulas.
// npm run docs builds it; a dead link, or a warning, is an error.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import texmath from "markdown-it-texmath";
import temml from "temml";
import { defineConfig } from "vitepress";
import { repositoryLinks } from "./links.mjs";
import { guide, reports } from "./sidebar.mjs";

const docs = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(docs);
const { description, repository, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const url = repository.url.replace(/^git\+|\.git$/g, "");

/**
 * The reference's list of its pages, once typedoc has written it, without what search and links find as well: members of namespaces, and settings. Every page
 * holds the whole list, so that a long one would make the site ten times as large.
 */
function reference() {
  const file = join(docs, "api", "typedoc-sidebar.json");
  if (!existsSync(file)) return [];
  const groups = JSON.parse(readFileSync(file, "utf8"));
  const listed = groups.filter(({ text }) => ["Namespaces", "Classes", "Functions"].includes(text));
  const items = listed.map((group) => ({ ...group, items: group.items.map(({ text, link }) => ({ text, link })) }));
  return [{ text: "All names", link: "/api/" }, ...items];
}

export default defineConfig({
  title: "thalweg",
  description,
  lang: "en-GB",
  themeConfig: {
    search: { provider: "local" },
    nav: [
      { text: "Guide", link: "/guide/start" },
      { text: "Gallery", link: "/gallery/" },
      { text: "Reference", link: "/api/" },
      { text: "Measured", link: "/generated/correctness" },
      { text: version, link: `${url}/blob/main/CHANGELOG.md` },
    ],
    sidebar: {
      "/guide/": guide,
      "/gallery/": guide,
      "/api/": reference(),
      "/generated/": reports,
      "/ARCHITECTURE": reports,
    },
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: url }],
  },
  markdown: {
    config(md) {
      md.use(texmath, { engine: temml, delimiters: "dollars", katexOptions: { throwOnError: true } });
      md.use(repositoryLinks, { root, docs, url });
    },
  },
  // What formulas stand in is no component of the site's.
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag === "eq" || tag === "eqn" } } },
  // The index of the search is one large file.
  vite: { build: { chunkSizeWarningLimit: 8_000 } },
});
