// einsum: sums of products of tensors, written with one letter for each dimension.
// Operands are contracted from left to right, each pair by one batched matrix product where there is something to sum.
import { misfit, refused } from "./checks.js";
import type { Tensor } from "./tensor.js";

/** A tensor and the name of each of its dimensions: a letter, or `.i` for the i-th from the end of what `...` stands for. */
interface Term {
  readonly tensor: Tensor;
  readonly names: readonly string[];
}

const OP = "einsum";

/** The names that a part of an equation has for a tensor with `dots` dimensions behind its ellipsis. */
function namesOf(part: string, dots: number): string[] {
  return part
    .split(/(\.\.\.)/)
    .flatMap((piece) => (piece === "..." ? Array.from({ length: dots }, (_, i) => `.${dots - i}`) : [...piece]));
}

/** An equation's parts: one for each operand, and the result's where it is written. */
function partsOf(
  equation: string,
  operands: number,
): { readonly inputs: string[]; readonly output: string | undefined } {
  const refuse = (expected: string, got: string) => refused(OP, "equation", expected, got);
  const [left = "", output, ...more] = equation.replace(/\s/g, "").split("->");
  const inputs = left.split(",");
  const wrong = [...inputs, output ?? ""].find((part) => !/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(part));
  if (wrong !== undefined || more.length > 0) {
    throw refuse('letters for each operand, parted by commas, such as "bij,bjk->bik"', `"${equation}"`);
  }
  if (inputs.length !== operands) throw refuse(`${operands} operands, as many as tensors`, `"${equation}"`);
  return { inputs, output };
}

/** An operand with its names; dimensions of one name are their diagonal. */
function termOf(part: string, tensor: Tensor, place: number): Term {
  if (typeof tensor !== "object" || tensor === null) throw refused(OP, `operand ${place}`, "a tensor", tensor);
  const letters = part.replace("...", "").length;
  const dots = part.includes("...") ? tensor.rank - letters : 0;
  if (dots < 0 || letters + dots !== tensor.rank) {
    const expected = `${part.includes("...") ? "at least " : ""}${letters} dimensions for "${part}"`;
    throw misfit(OP, expected, `operand ${place} of shape [${tensor.shape.join(", ")}]`);
  }
  let term: Term = { tensor, names: namesOf(part, dots) };
  for (const name of new Set(term.names)) {
    while (term.names.indexOf(name) !== term.names.lastIndexOf(name)) term = diagonal(term, name);
  }
  return term;
}

/** The first and last dimension of one name as one, at the end. */
function diagonal({ tensor, names }: Term, name: string): Term {
  const [first, last] = [names.indexOf(name), names.lastIndexOf(name)];
  const [a, b] = [tensor.shape[first], tensor.shape[last]];
  if (a !== b) throw misfit(OP, `equal sizes for the repeated "${name}"`, `${a} and ${b}`);
  const rest = names.filter((_, i) => i !== first && i !== last);
  return { tensor: tensor.diagonal(0, first, last), names: [...rest, name] };
}

/** The size of each name, the largest where others are 1. */
function sizesOf(terms: readonly Term[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { tensor, names } of terms) {
    names.forEach((name, i) => {
      const [size, known] = [tensor.shape[i] ?? 1, sizes.get(name) ?? 1];
      if (size !== known && size !== 1 && known !== 1) {
        throw misfit(OP, `one size for ${name.startsWith(".") ? '"..."' : `"${name}"`}`, `${known} and ${size}`);
      }
      sizes.set(name, known === 1 ? size : known);
    });
  }
  return sizes;
}

/** The result's names where the equation does not say: those that occur once, in order, behind those of the ellipsis. */
function implicit(inputs: readonly string[], dots: readonly string[]): string[] {
  const letters = inputs.join("").replaceAll(".", "");
  const once = [...letters].filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return [...dots, ...once.sort()];
}

/** A term summed over the dimensions whose names are not wanted. */
function summed({ tensor, names }: Term, wanted: ReadonlySet<string>): Term {
  const axes = names.flatMap((name, i) => (wanted.has(name) ? [] : [i]));
  return axes.length === 0
    ? { tensor, names }
    : { tensor: tensor.sum(axes), names: names.filter((name) => wanted.has(name)) };
}

/** A term's tensor with the dimensions of these names in this order; of names that it lacks they are of size 1. */
function arranged({ tensor, names }: Term, order: readonly string[]): Tensor {
  const found = order.filter((name) => names.includes(name)).map((name) => names.indexOf(name));
  const moved = found.every((axis, i) => axis === i) ? tensor : tensor.permute(found);
  return moved.reshape(order.map((name) => (names.includes(name) ? (tensor.shape[names.indexOf(name)] ?? 1) : 1)));
}

/** The product of two terms, summed over the names that nobody wants any more. */
function contracted(a: Term, b: Term, wanted: ReadonlySet<string>): Term {
  const [left, right] = [summed(a, new Set([...wanted, ...b.names])), summed(b, new Set([...wanted, ...a.names]))];
  const sizes = sizesOf([left, right]);
  const both = left.names.filter((name) => right.names.includes(name));
  const groups = {
    batch: both.filter((name) => wanted.has(name)),
    rows: left.names.filter((name) => !both.includes(name)),
    sums: both.filter((name) => !wanted.has(name)),
    columns: right.names.filter((name) => !both.includes(name)),
  };
  const names = [...groups.batch, ...groups.rows, ...groups.columns];
  // Matrix products are of floats, and worth it where one of the two sides has more than what is summed.
  const isFloat = left.tensor.dtype !== "i64" && left.tensor.dtype !== "bool";
  if (!isFloat || groups.sums.length === 0 || groups.rows.length + groups.columns.length === 0) {
    const all = [...names, ...groups.sums];
    return summed({ tensor: arranged(left, all).mul(arranged(right, all)), names: all }, wanted);
  }
  const shape = (group: readonly string[]) => group.map((name) => sizes.get(name) ?? 1);
  const count = (group: readonly string[]) => shape(group).reduce((product, size) => product * size, 1);
  const matrices = (term: Term, first: readonly string[], second: readonly string[]) => {
    const order = [...groups.batch, ...first, ...second];
    const batch = groups.batch.length > 0 ? [count(groups.batch)] : [];
    return arranged(term, order)
      .broadcastTo(shape(order))
      .reshape([...batch, count(first), count(second)]);
  };
  const product = matrices(left, groups.rows, groups.sums).matmul(matrices(right, groups.sums, groups.columns));
  return { tensor: product.reshape(shape(names)), names };
}

/**
 * The sum of products that an equation says: a letter for each dimension of each operand, and of the result. Dimensions of one
 * letter go together; over those that the result lacks is summed. Without `->` the result has the letters that occur once, in
 * alphabetical order. `...` stands for dimensions that are broadcast; a letter twice in one operand is its diagonal.
 *
 * @param equation - for instance `"bij,bjk->bik"`
 * @throws ConfigError where the equation cannot be read; ShapeError where it does not fit the operands
 *
 * @example
 * ```ts
 * const [p, q] = [tensor([[1, 2], [3, 4]]), tensor([[1, 0], [2, 1]])];
 * await einsum("ij,jk->ik", p, q).toArray(); // [[5, 2], [11, 4]]
 * await einsum("ii", p).item(); // 5
 * await einsum("...i,i", p, tensor([1, 1])).toArray(); // [3, 7]
 * ```
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const { inputs, output } = partsOf(equation, operands.length);
  const terms = operands.map((tensor, i) => termOf(inputs[i] ?? "", tensor, i));
  const sizes = sizesOf(terms);
  const dots = [...sizes.keys()].filter((name) => name.startsWith("."));
  const most = dots.sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)));
  const wanted = output === undefined ? implicit(inputs, most) : namesOf(output, most.length);
  const unknown = wanted.find((name) => !sizes.has(name));
  if (unknown !== undefined || new Set(wanted).size !== wanted.length) {
    const expected = "letters of the operands in the result, each once";
    throw refused(OP, "equation", expected, `"${equation}"`);
  }
  const result = terms.reduce((all, term, i) => {
    const later = terms.slice(i + 1).flatMap(({ names }) => names);
    return contracted(all, term, new Set([...wanted, ...later]));
  });
  return arranged(summed(result, new Set(wanted)), wanted);
}
