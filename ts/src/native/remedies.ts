// What to do about an error of the engine, in the words of TypeScript: the engine knows what is wrong, and not how it is written here.
// A new remedy is one entry; an error that has one already keeps it.
import { relabelled, type ThalwegError } from "../errors.js";

/** What an error that reads like this is answered by; nothing where there is no telling. */
interface Remedy {
  readonly when: RegExp;
  readonly says: (found: RegExpExecArray) => string | undefined;
}

const sizesOf = (shape: string) => shape.split(",").map((size) => Number(size.trim()));
const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

/**
 * How a tensor of shape `got` becomes one of rows of shape `wanted`.
 *
 * @param name - how the user calls it
 */
function reshaped(name: string, wanted: readonly number[], got: readonly number[]): string | undefined {
  const [first = 0, ...rest] = wanted;
  const isRow = (sizes: readonly number[]) => `${got.slice(1)}` === `${sizes}`;
  if (name === "condition" && wanted.length === 1 && first > 1 && got.length === 1) {
    return `of labels 0 … ${first - 1}, i64: labels.oneHot(${first})`;
  }
  if (`${got}` === `${wanted}`) return `${name}.unsqueeze(0), which is one row`;
  if (wanted.length === 3 && isRow([...rest, first])) {
    return `${name}.permute([0, 3, 1, 2]), since channels come before height and width`;
  }
  if (wanted.length === 1 && got.length === 2 && got[0] === first) return `${name}.transpose(), since rows are samples`;
  if (first === 1 && rest.length > 0 && isRow(rest)) return `${name}.unsqueeze(1), which adds the channel`;
  if (product(got.slice(1)) === product(wanted)) return `${name}.reshape([-1, ${wanted.join(", ")}])`;
  if (got.length !== wanted.length + 1) return undefined;
  const size = name === "data" ? "xSize" : name === "condition" ? "conditionSize" : undefined;
  const own = got.slice(1);
  return (
    size && `${size}: ${own.length === 1 ? own[0] : `[${own.join(", ")}]`} in the config, if that is what rows are`
  );
}

/** How users call what the engine calls this. */
const called = (name: string) => (name === "x" ? "data" : name);

/** Labels for a network that embeds a class itself. */
const embedded = (dtype: string) =>
  `labels.cast("${dtype}").unsqueeze(1) for a network with numClasses (conditionSize: 1)`;

const remedies: readonly Remedy[] = [
  {
    when: /^condition: wrong shape: expected \[N, 1\], got \[\d+, (\d+)\]/,
    says: ([, width]) =>
      `conditionSize: ${width} in the config, if that is what rows are; of i64 labels [N], ${embedded("f32")}`,
  },
  {
    when: /^condition: wrong shape: expected \[N, 1\], got \[\d+\]/,
    says: () => "condition.unsqueeze(1)",
  },
  {
    when: /^condition(?:\.[\w.]+)?: expected (f32|f64), got i64$/,
    says: ([, dtype = ""]) => {
      const oneHot = `labels.oneHot(classes)${dtype === "f32" ? "" : `.cast("${dtype}")`}`;
      return `of labels [N], ${embedded(dtype)}, or ${oneHot} for conditionSize: classes`;
    },
  },
  {
    when: /^(?:data\.)?(\w+)(?:\.[\w.]+)?: wrong shape: expected \[N, ([\d, ]+)\], got \[([\d, ]+)\]/,
    says: ([, name = "", wanted = "", got = ""]) => reshaped(called(name), sizesOf(wanted), sizesOf(got)),
  },
  {
    when: /^(\w+)(?:\.[\w.]+)?: expected (f32|f64), got i64$/,
    says: ([, name = "", dtype]) =>
      `${called(name)}.cast("${dtype}"); of pixels 0 … 255 also .div(127.5).sub(1), and of labels as a condition labels.oneHot(classes)`,
  },
  {
    when: /^(\w+)(?:\.[\w.]+)?: expected (f32|f64), got (f32|f64|bf16|bool)$/,
    says: ([, name = "", dtype, got]) =>
      `${called(name)}.cast("${dtype}")${got === "f64" || got === "f32" ? `, or dtype: "${got}" in the config` : ""}`,
  },
  {
    when: /^condition: missing/,
    says: () =>
      "{ condition } with a row for each sample, in fit as in sample; a model with conditionDropout in its config can do without",
  },
  {
    when: /^steps: expected steps or epochs, got neither/,
    says: () => "fit(data, { steps: 5_000 })",
  },
  {
    when: /does not fit xSize and conditionSize: linear: wrong width of the input: .*got \w+ \[[\d, ]*?(\d+)\] \(in backbone\.model\.linear0\)/,
    says: ([, width]) => `hiddenSizes: [${width}, …], since x, the condition and t come in side by side`,
  },
  {
    when: /\.backbone: expected an output of shape \[(\d+)\] \(xSize\), got \[\d+\]/,
    says: ([, width]) => `outputSize (or outputDim): ${width} in the backbone's args`,
  },
  {
    when: /^training stopped at step \d+: the loss is /,
    says: () =>
      "a smaller lr, clipNorm: 1 in the optimizer, or data in units of about 1 (normalize: true, which is the default)",
  },
  {
    when: /^the loss has no gradient by what is trained/,
    says: () =>
      "compute it with the model or the module that trainStep was given; stateDict gives numbers, and stopGradient, argMax and comparisons have no derivative",
  },
  {
    when: /^\w+: row \d+, column \d+ is not a finite number/,
    says: () =>
      'leave such rows out, or fill them: of a file readTable(file, { missing: "drop" }), of a table table.dropMissing()',
  },
  {
    when: /^the tensor was disposed of/,
    says: () => "dispose of it once all that uses it was awaited; what leaves tidy is returned from it",
  },
  {
    when: /^the model is being trained already/,
    says: () => "await the first fit before the second",
  },
  {
    when: /^t: not a time of the path: expected times from (\S+) to (\S+?),/,
    says: ([, low, high]) => `a time between ${low} and ${high}; the number of a step is divided by how many there are`,
  },
];

/** The same error with what to do about it, if that is known. */
export function withRemedy(error: ThalwegError): ThalwegError {
  const { message } = error;
  if (message.includes("Remedy:")) return error;
  for (const { when, says } of remedies) {
    const found = when.exec(message);
    const remedy = found === null ? undefined : says(found);
    if (remedy !== undefined) return relabelled(error, `${message}. Remedy: ${remedy}`, { cause: undefined });
  }
  return error;
}
