// The site of the documentation: its links, its list of pages, its generated pages and its formulas.
// The pages' code is the business of pages.test.ts, the build itself that of npm run docs.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import temml from "temml";
import { describe, expect, it } from "vitest";
import { repositoryLinks } from "../docs/.vitepress/links.mjs";
import { guide, reports } from "../docs/.vitepress/sidebar.mjs";
import { comparisonFile, currentComparison, tablesOf } from "../scripts/comparison.mjs";
import { entries } from "../scripts/gallery/entries.mjs";
import { page } from "../scripts/gallery/page.mjs";
import { pages, root } from "./support/pages.ts";

const docs = join(root, "docs");

/** A page without its code. */
const prose = (text: string) => text.replace(/^```.*?^```$/gms, "").replace(/`[^`]*`/g, "");

/** How the site names a heading. */
const slug = (heading: string) =>
  heading
    .replace(/`|\*/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[\s~!@#$%^&()\-_+=[\]{}|\\;:"'“”‘’<>,.?/…×÷→]+/g, "-")
    .replace(/^-|-$/g, "");

describe("links of pages", () => {
  const links = pages().flatMap(({ place, text }) =>
    [...prose(text).matchAll(/\]\((?!https?:|#)([^)\s]+)\)/g)].map(([, href = ""]) => ({ place, href })),
  );

  it("lead to files that there are, and to headings that there are", () => {
    const wrong = links.filter(({ place, href }) => {
      const [path = "", anchor] = href.split("#");
      const file = join(root, dirname(place), path);
      if (!existsSync(file)) return true;
      if (anchor === undefined) return false;
      const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => slug(heading));
      return !headings.includes(anchor);
    });
    expect(links.length).toBeGreaterThan(50);
    expect(wrong).toEqual([]);
  });

  it("to files outside of docs lead to the repository; to one that is not there fail", () => {
    const state = (href: string) => {
      const attributes = new Map([["href", href]]);
      const token = {
        type: "link_open",
        attrGet: (name: string) => attributes.get(name),
        attrSet: (name: string, value: string) => attributes.set(name, value),
      };
      let rule = (_: object): void => undefined;
      const md = { core: { ruler: { push: (_: string, given: typeof rule) => (rule = given) } } };
      repositoryLinks(md, { root: root.replace(/.$/, ""), docs, url: "https://x" });
      rule({ tokens: [{ children: [token] }], env: { relativePath: "guide/start.md" } });
      return attributes.get("href");
    };
    expect(state("../../examples/density.ts")).toBe("https://x/blob/main/examples/density.ts");
    expect(state("../../README.md#install")).toBe("https://x/blob/main/README.md#install");
    expect(state("../gallery/index.md")).toBe("../gallery/index.md");
    expect(() => state("../../examples/none.ts")).toThrow("guide/start.md: dead link ../../examples/none.ts");
  });
});

describe("the list of pages", () => {
  it("names every page, and no other", () => {
    const named = [...guide, ...reports].flatMap(({ items }) => items.map(({ link }) => `docs${link}.md`));
    const there = pages()
      .map(({ place }) => place)
      .filter((place) => !["README.md", "docs/index.md", "docs/gallery/index.md"].includes(place));
    expect(named.sort()).toEqual(there.sort());
  });
});

describe("formulas", () => {
  it("of all pages are well formed", () => {
    const formulas = pages().flatMap(({ text }) => [...prose(text).matchAll(/\$\$(.+?)\$\$|\$([^$\n]+)\$/gs)]);
    for (const [, display, inline] of formulas) {
      expect(temml.renderToString(display ?? inline ?? "", { throwOnError: true })).toContain("<math");
    }
    expect(formulas.length).toBeGreaterThan(50);
  });
});

describe("figures beside peers", () => {
  it("are those of the reports", () => {
    expect(readFileSync(comparisonFile, "utf8")).toBe(currentComparison());
  });

  it("are read from tables by their columns", () => {
    const text = "## A\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n\n## B\n\n| x |\n| --- |\n| 3 |\n";
    expect(tablesOf(text)).toEqual([
      { heading: "A", columns: ["x", "y"], rows: [{ x: "1", y: "2" }] },
      { heading: "B", columns: ["x"], rows: [{ x: "3" }] },
    ]);
  });
});

describe("the gallery", () => {
  const folder = join(docs, "gallery");
  const shown = () =>
    entries.map((entry) => ({
      ...entry,
      pictures: readdirSync(join(folder, entry.name))
        .filter((file) => file.endsWith(".png"))
        .sort(),
      printed: readFileSync(join(folder, entry.name, "printed.txt"), "utf8"),
    }));

  it("shows every example that makes pictures, each with its source", () => {
    expect(readFileSync(join(folder, "index.md"), "utf8")).toBe(page(shown()));
    expect(shown().every(({ source, pictures }) => pictures.length > 0 && existsSync(join(root, source)))).toBe(true);
  });

  it("is small", () => {
    const sizes = readdirSync(folder, { recursive: true, encoding: "utf8" }).map(
      (name) => statSync(join(folder, name)).size,
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2_000_000);
  });

  it("names no folder of the machine that made it", () => {
    expect(shown().filter(({ printed }) => printed.includes(relative("/", root)))).toEqual([]);
  });
});
