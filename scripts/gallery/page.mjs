// The page of the gallery, from what the examples left in its folder.
// A function of names and texts alone, so that a test can say what it must hold.

const opening = `<!-- Written by scripts/gallery.mjs. -->

# Gallery

Pictures that the examples made, as they are in the repository. \`npm run gallery\` makes them anew, in about a quarter of an hour on two cores; seeds are fixed. What stands below a picture
was printed in the same run, times left out. Figures beside floors and baselines: [examples](../../examples/README.md).
`;

/**
 * The page's Markdown.
 *
 * @param shown - entries, each with the names of its pictures and what the example printed
 */
export function page(shown) {
  const sections = shown.map(({ name, title, caption, source, pictures, printed }) =>
    [
      `## ${title}`,
      caption,
      ...pictures.map((file) => `![${title}: ${file.replace(".png", "")}](./${name}/${file})`),
      `[${source}](../../${source})`,
      ...(printed.trim() === "" ? [] : [`::: details What it printed\n\`\`\`text\n${printed.trim()}\n\`\`\`\n:::`]),
    ].join("\n\n"),
  );
  return `${[opening.trimEnd(), ...sections].join("\n\n")}\n`;
}
