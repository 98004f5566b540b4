// Labels that are too long for their place, cut so that each is still another.
// Names of one kind often begin alike: then what differs is what is kept.

/** Letters that are kept before what differs, of the beginning of a label and right before the difference. */
const [HEAD, BEFORE] = [8, 3];

/** How many letters two labels have in common at their beginnings. */
function common(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((letter, i) => letter !== b[i]);
  return differs < 0 ? a.length : differs;
}

/** The first letters. */
const beginning = (label: readonly string[], room: number) =>
  label.length > room ? [...label.slice(0, room - 1), "…"] : label;

/** The first letters, and those from where a label is another than these. */
function middle(label: readonly string[], others: readonly (readonly string[])[], room: number): readonly string[] {
  const rest = room - HEAD - 1;
  const differs = Math.max(...others.map((other) => common(label, other)));
  const start = Math.max(HEAD, Math.min(differs - BEFORE, label.length - rest));
  return [...label.slice(0, HEAD), "…", ...beginning(label.slice(start), rest)];
}

/** Labels in at most so many letters: cut at the end; in the middle where others would be cut to the same; and with their places where those would be the same, too. */
export function shortened(labels: readonly string[], room: number): string[] {
  const all = labels.map((label) => [...label]);
  const cut = all.map((label) => beginning(label, room).join(""));
  const short = all.map((label, i) => {
    const others = all.filter((_, k) => k !== i && cut[k] === cut[i]);
    return label.length <= room || others.length === 0 ? (cut[i] ?? "") : middle(label, others, room).join("");
  });
  return short.map((text, i) => {
    const place = ` (${i + 1})`;
    const isAlone = short.every((other, k) => k === i || other !== text || labels[k] === labels[i]);
    return isAlone ? text : `${beginning([...text], room - place.length).join("")}${place}`;
  });
}
