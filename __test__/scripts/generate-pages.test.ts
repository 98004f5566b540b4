// The scripts of the pages: the file that ships is made of the sources as they are.
// What they do in a browser is the business of report/page.test.ts and ui/browser.test.ts.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { pagesFile } from "../../scripts/generate-pages.mjs";

it("pages.ts is what ts/page gives", async () => {
  const shipped = readFileSync(new URL("../../ts/src/generated/pages.ts", import.meta.url), "utf8");
  expect(shipped).toBe(await pagesFile());
});
