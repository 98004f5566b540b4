// A classifier two-sample test (Lopez-Paz & Oquab 2017): how well a small network tells two sets of rows apart, on rows that it has not seen.
// Cross-validated: each row is judged once, by a network that was trained on the other folds.
import { adamw, nn, Tensor, tensor, trainStep, zeros } from "thalweg";

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
    const logisticLoss = (batch: { x: Tensor; label: Tensor }) => {
      const logit = network.forward(batch.x).squeeze(1);
      return logit.softplus().sub(logit.mul(batch.label)).mean();
    };
    const step = trainStep(network, logisticLoss, adamw({ lr: 3e-3, weightDecay: 0.1 }));
    for (let i = 0; i < steps; i++) await step({ x, label });
    const above = async (rows: Tensor) => {
      const logits = await network.forward(rows).data();
      return Array.from(logits, Number).filter((logit) => logit > 0).length;
    };
    right += real.held.shape[0] - (await above(real.held)) + (await above(other.held));
  }
  const count = a.shape[0] + b.shape[0];
  return { accuracy: right / count, standardError: 0.5 / Math.sqrt(count) };
}
