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

/** The reference's own list of its pages, once typedoc has written it. */
function reference() {
  const file = join(docs, "api", "typedoc-sidebar.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
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
  // The index of the search is one large file.
  vite: { build: { chunkSizeWarningLimit: 8_000 } },
});
