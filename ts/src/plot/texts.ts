// Texts of users as pictures can have them: Vega takes some for names of its own, XML knows no control characters, and nobody reads a page of title.
// One place for all of a picture: titles, names of axes, labels, categories.

/** Letters of a text, at most. */
const LETTERS = 300;

/** What XML has no place for: control characters, halves of pairs. */
const WRONG = /[^\t\n\r\P{Cc}]|[\ufffe\uffff]|\p{Cs}/gu;

/** A space of no width: with it a text is not the name of something that every object has. */
const NOTHING = "\u200b";

/** A text as a picture has it. */
export function drawable(text: string): string {
  const whole = text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}…` : text;
  const plain = whole.replaceAll(WRONG, "\ufffd");
  return plain in Object.prototype ? `${plain}${NOTHING}` : plain;
}

/** Fields that are programs, not texts. */
const PROGRAMS: ReadonlySet<string> = new Set(["signal", "update", "expr", "url"]);

/** A specification, or data, all of whose texts can be drawn. */
export function drawableIn<T>(value: T): T {
  if (typeof value === "string") return drawable(value) as T;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(drawableIn) as T;
  const entries = Object.entries(value).map(([key, inner]) =>
    PROGRAMS.has(key) && typeof inner === "string" ? [key, inner] : [key, drawableIn(inner)],
  );
  return Object.fromEntries(entries) as T;
}
