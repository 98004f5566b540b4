// What tests of pictures look for in an SVG.
// Vega writes a group for each mark, named by its kind.

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
