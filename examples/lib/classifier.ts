// A classifier two-sample test (Lopez-Paz & Oquab 2017): how well a small network tells two sets of rows apart, on rows that it has not seen.
// Cross-validated: each row is judged once, by a network that was trained on the other folds.
import { compile, functionalCall, nn, Tensor, tensor, valueAndGrad, zeros } from "thalweg";

type Parameters = Record<string, Tensor>;

type State = Readonly<Record<"parameters" | "first" | "second", Parameters>>;

/** One step of AdamW (Loshchilov & Hutter 2019) on a classifier's logistic loss, as one program. */
function stepOf(network: nn.MultiLayerPerceptron, { rate, decay }: { rate: number; decay: number }) {
  const loss = valueAndGrad((parameters: Parameters, x: Tensor, label: Tensor) => {
    const logit = functionalCall(network, parameters, x).squeeze(1);
    return logit.softplus().sub(logit.mul(label)).mean();
  });
  const mapped = (from: Parameters, call: (name: string) => Tensor): Parameters =>
    Object.fromEntries(Object.keys(from).map((name) => [name, call(name)]));
  return compile((state: State, x: Tensor, label: Tensor, corrections: Tensor): State => {
    const { grad } = loss(state.parameters, x, label);
    const first = mapped(grad, (name) => state.first[name].mul(0.9).add(grad[name].mul(0.1)));
    const second = mapped(grad, (name) => state.second[name].mul(0.999).add(grad[name].square().mul(0.001)));
    const [one, two] = corrections.split(1, 0);
    const parameters = mapped(grad, (name) => {
      const scale = second[name].div(two).sqrt().add(1e-8);
      return state.parameters[name].mul(1 - rate * decay).sub(first[name].div(one).mul(rate).div(scale));
    });
    return { parameters, first, second };
  });
}

/** Every row but those of one fold, or those alone; rows take turns. */
function ofFold(rows: Tensor, fold: number, folds: number): { rest: Tensor; held: Tensor } {
  const indices = Array.from({ length: rows.shape[0] }, (_, i) => i);
  const pick = (list: number[]) => rows.indexSelect(0, tensor(list, { dtype: "i64" }));
  return {
    rest: pick(indices.filter((i) => i % folds !== fold)),
    held: pick(indices.filter((i) => i % folds === fold)),
  };
}

/** What {@link classifierTest} gives. */
export interface Accuracy {
  /** Share of rows that were told right; ½ where the sets cannot be told apart. */
  readonly accuracy: number;
  /** Its standard error, were it ½. */
  readonly standardError: number;
}

/**
 * How well two sets of as many rows are told apart.
 *
 * @param a - `[N, D]`, of about unit scale
 * @param b - the same
 */
export async function classifierTest(
  a: Tensor,
  b: Tensor,
  settings: { steps: number; folds: number },
): Promise<Accuracy> {
  const { steps, folds } = settings;
  let right = 0;
  for (let fold = 0; fold < folds; fold++) {
    const [real, other] = [ofFold(a, fold, folds), ofFold(b, fold, folds)];
    const label = Tensor.concat([zeros([real.rest.shape[0]]), zeros([other.rest.shape[0]]).add(1)]);
    const x = Tensor.concat([real.rest, other.rest]);
    const network = new nn.MultiLayerPerceptron({
      hiddenSizes: [x.shape[1], 64, 64],
      outputSize: 1,
      activation: "silu",
    });
    const step = stepOf(network, { rate: 3e-3, decay: 0.1 });
    const parameters = network.stateDict();
    const none = Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, zeros(shape)]));
    let state: State = { parameters, first: none, second: none };
    for (let i = 1; i <= steps; i++) state = step(state, x, label, tensor([1 - 0.9 ** i, 1 - 0.999 ** i]));
    const above = async (rows: Tensor) => {
      const logits = await functionalCall(network, state.parameters, rows).data();
      return Array.from(logits, Number).filter((logit) => logit > 0).length;
    };
    right += real.held.shape[0] - (await above(real.held)) + (await above(other.held));
  }
  const count = a.shape[0] + b.shape[0];
  return { accuracy: right / count, standardError: 0.5 / Math.sqrt(count) };
}
