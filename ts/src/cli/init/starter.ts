// A TypeScript program to start from: what the config says, written as code.
// What comes out of it is what `thalweg train` and `thalweg sample` would write.
import { packageVersion } from "../../addon.js";
import { compact } from "../compact.js";
import type { Config } from "./configs.js";
import type { DataKind, Look } from "./look.js";

/** A value as TypeScript writes it: keys without quotes where they need none. */
const literal = (value: unknown): string => compact(value).replaceAll(/"([a-zA-Z_$][\w$]*)":/g, "$1:");

const quoted = (text: string) => JSON.stringify(text);

/** A program's parts: imports, how data are read, what is fitted, what is drawn. */
interface Parts {
  readonly imports: readonly string[];
  readonly data: string;
  /** Fields of the config that code says better than numbers. */
  readonly own?: string;
  readonly fitted: string;
  readonly drawn: string;
}

/** How arrays of bytes become numbers, as `read` says it. */
function turned({ read }: Look): string {
  const pixels = read.pixels ? '.cast("f32").div(127.5).sub(1)' : "";
  return `${pixels}${read.channelsLast ? ".permute([0, 3, 1, 2])" : ""}`;
}

/** An expression, and the methods that are called on what it gives. */
const called = (expression: string, methods: string) => (methods === "" ? expression : `(${expression})${methods}`);

function readArray(
  path: string,
  found: Exclude<Look, { kind: "table" }>,
): { readonly imports: string[]; readonly data: string } {
  if (path.startsWith("datasets."))
    return { imports: ["datasets"], data: `const data = ${path}({ count: 10_000, seed: 0 });` };
  const shape = `[-1, ${found.shape.join(", ")}]`;
  if (found.read.size !== undefined) {
    const settings = `{ size: ${JSON.stringify(found.read.size)} }`;
    const labels = found.classes === undefined ? "" : ", labels";
    const line = `const { images: data${labels} } = await readImages(${quoted(path)}, ${settings});`;
    return { imports: ["readImages"], data: line };
  }
  const reshaped = found.kind === "images" && !found.read.channelsLast ? `.reshape(${shape})` : "";
  if (/\.npz$/i.test(path)) {
    return {
      imports: ["readNpz"],
      data: `const [data] = Object.values(await readNpz(${quoted(path)})).map((x) => x${turned(found)}${reshaped});`,
    };
  }
  const reader = /\.npy$/i.test(path) ? "readNpy" : "readIdx";
  return {
    imports: [reader],
    data: `const data = ${called(`await ${reader}(${quoted(path)})`, turned(found) + reshaped)};`,
  };
}

function ofArray(path: string, found: Exclude<Look, { kind: "table" }>): Parts {
  const { imports, data } = readArray(path, found);
  const picture = found.kind === "images" ? "plot.images(samples)" : "plot.scatter(samples, { against: data })";
  const isDrawn = found.kind === "images" || (found.kind === "points" && (found.shape[0] ?? 0) >= 2);
  return {
    imports: [...imports, ...(isDrawn ? ["plot"] : []), "writeNpy"],
    data,
    fitted: "data",
    drawn: `const samples = await model.sample({ batchSize: ${found.kind === "points" ? "1000" : "64"}, seed: 1 });
await writeNpy("samples.npy", samples);${isDrawn ? `\nawait ${picture}.save("samples.png");` : ""}`,
  };
}

function ofTable(path: string, { read }: Look, encoding: unknown): Parts {
  const settings = Object.keys(read).length === 0 ? "" : `, ${literal(read)}`;
  return {
    imports: ["fitEncoding", "plot", "readTable"],
    data: `const data = await readTable(${quoted(path)}${settings});
const encoding = await fitEncoding(data, ${literal(encoding)});`,
    own: "  data: encoding,\n",
    fitted: "data",
    drawn: `const samples = await model.sampleTable({ batchSize: 1000, seed: 1 });
await samples.write("samples.csv");
await plot.table(samples, { against: data }).save("samples.png");`,
  };
}

/** train.ts */
function program(path: string, found: Look, config: Config): string {
  const { $schema: _, class: name, read: _r, encoding, train, ...model } = config;
  const parts = found.kind === "table" ? ofTable(path, found, encoding) : ofArray(path, found);
  const { validation: _v, ...settings } = train as Record<string, unknown>;
  const imports = [String(name), ...parts.imports].sort((a, b) => a.localeCompare(b)).join(", ");
  const fields = literal(model).replace("{\n", `{\n${parts.own ?? ""}`);
  return `// Trains a model on ${path}, and draws from it.
import { ${imports} } from "thalweg";

${parts.data}

const model = new ${name}(${fields});

await model.fit(${parts.fitted}, ${literal({ ...settings, progress: true })});
await model.save("runs/a");

${parts.drawn}
`;
}

const manifest = (name: string): string =>
  `${compact({
    name,
    private: true,
    type: "module",
    scripts: { train: "tsx train.ts" },
    dependencies: { thalweg: `^${packageVersion()}` },
    devDependencies: { tsx: "^4.20.0", typescript: "^5.9.0" },
  })}\n`;

const compiler = `${compact({
  compilerOptions: { target: "es2022", module: "nodenext", strict: true, noEmit: true, skipLibCheck: true },
})}\n`;

/** The files of a program for data. */
export function starter(
  name: string,
  path: string,
  found: Look & { kind: DataKind },
  config: Config,
): Record<string, string> {
  return { "package.json": manifest(name), "tsconfig.json": compiler, "train.ts": program(path, found, config) };
}
