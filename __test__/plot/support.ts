// What tests of pictures look for in an SVG.
// Vega writes a group for each mark, named by its kind.
import { readFileSync } from "node:fs";

/** The groups of this kind of mark, in order. */
export const marks = (svg: string, kind: string) =>
  svg.match(new RegExp(`<g class="mark-${kind}[^"]*"[^>]*>.*?</g>`, "gs")) ?? [];

/** The paths of a text. */
export const paths = (text: string) => text.match(/<path [^>]*>/g) ?? [];

/** The corners of a line, in pixels from the top left of its panel. */
export const corners = (line: string) =>
  [...(/ d="M([^"]+)"/.exec(line)?.[1] ?? "").matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);

/** The texts of a picture. */
export const texts = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

/** Width and height of a picture, in pixels. */
export function sizeOf(svg: string): { readonly width: number; readonly height: number } {
  const of = (name: string) => Number(new RegExp(`^<svg [^>]*${name}="(\\d+)"`).exec(svg)?.[1]);
  return { width: of("width"), height: of("height") };
}

/** Milliseconds for which this thread had a processor; where the system does not tell, milliseconds. */
function busy(): number {
  if (process.platform !== "linux") return performance.now();
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
}

/** The longest time for which others wait while something runs, in milliseconds: the least of some runs, since the collector of garbage comes when it wants. */
export async function longestWait(work: () => Promise<unknown>): Promise<number> {
  const waits: number[] = [];
  for (let run = 0; run < 4; run++) {
    let [last, longest, isRunning] = [busy(), 0, true];
    const look = () => {
      const now = busy();
      longest = Math.max(longest, now - last);
      last = now;
      if (isRunning) setImmediate(look);
    };
    setImmediate(look);
    await work();
    isRunning = false;
    look();
    waits.push(longest);
  }
  // The first one is not warm.
  return Math.min(...waits.slice(1));
}
