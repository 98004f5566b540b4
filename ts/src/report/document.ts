// A page as one file: head, style, content, data and script, with a policy that lets it load nothing.
// Whatever is not markup of ours is escaped here.
import { createHash } from "node:crypto";

/** Markup that is safe as it is. */
export class Markup {
  readonly text: string;

  /** @param text - with everything escaped that is no markup of ours */
  constructor(text: string) {
    this.text = text;
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text as it stands in markup and in attributes; what no page may have is replaced. */
export const escaped = (text: string): string =>
  text.replace(/\0/g, "\uFFFD").replace(/[&<>"']/g, (character) => entities[character] ?? "");

type Part = string | number | Markup | undefined | readonly Markup[];

function shown(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(({ text }: Markup) => text).join("");
  return part === undefined ? "" : escaped(String(part));
}

/** Markup with values in it, each escaped unless it is markup itself. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.map((text, i) => `${text}${i < parts.length ? shown(parts[i]) : ""}`).join(""));
}

/** Data as JSON that ends no element. */
export const dataOf = (value: unknown): Markup =>
  new Markup(
    JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"),
  );

/** The expression by which a policy allows exactly this script or style. */
export const hashOf = (text: string): string =>
  `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

/** What a page is made of. */
export interface DocumentParts {
  readonly title: string;
  readonly style: string;
  readonly script: string;
  readonly body: Markup;
  /** What the page may connect to; nothing if not given. */
  readonly connect?: "'self'";
}

/** What the page may do: run this script, and nothing from anywhere else. Widths of bars are set by the script as styles of elements. */
export function policyOf({ script, style, connect }: DocumentParts): string {
  const rules = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "img-src data:",
    ...(connect === undefined ? [] : [`connect-src ${connect}`]),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return rules.join("; ");
}

/** The whole file. */
export function documentOf(parts: DocumentParts): string {
  const { title, style, script, body } = parts;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(parts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${body}
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}
