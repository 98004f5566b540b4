// Python's string literals: prefixes, quotes, escapes.
// Those that contain expressions are no literals.

const escapes: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

const escaped = /\\(\n|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|.)/gs;

function unescaped(whole: string, code: string): string {
  if (/^[xuU]./.test(code)) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
  if (/^[0-7]/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
  return escapes[code] ?? whole;
}

/** The text of a string literal; undefined where it is not one of text. */
export function stringOf(literal: string): string | undefined {
  const [, prefix = "", quote = "", body = ""] = /^([a-zA-Z]*)("""|'''|"|')(.*)\2$/s.exec(literal) ?? [];
  if (quote === "" || /[fb]/i.test(prefix)) return undefined;
  return /r/i.test(prefix) ? body : body.replaceAll(escaped, unescaped);
}
