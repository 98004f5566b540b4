// trainStep: a training loop of one's own; the loss is traced once per shapes and becomes part of one program with its
// gradient, clipping and the optimiser's update.
import { validate } from "../config/validate.js";
import { ShapeError } from "../errors.js";
import type { Optimizer, Size } from "../generated/config.js";
import { Module } from "../module/module.js";
import { TrainedParameters } from "../module/trained.js";
import type { NativeTrainStep } from "../native/boundary.js";
import { Cache } from "../tensor/cache.js";
import { handleOf, isFresh, Tensor, traced, valueIn } from "../tensor/tensor.js";
import { Trace } from "../tensor/trace.js";
import { describe, leavesOf, rebuilt, signatureOf, type Tree } from "../tensor/tree.js";
import { adamw } from "../train/optimizer.js";
import type { AnyConfigOf, FittedModel } from "./fitted-model.js";
import { functionOf } from "./settings.js";
import { networkOf } from "./stored-model.js";

/** What a step of {@link trainStep} did. */
export interface TrainStepReport {
  /** Steps done with the model or module. */
  readonly step: number;
  /** The loss before the update. */
  readonly loss: number;
  /** Euclidean norm of the gradient, before clipping. */
  readonly gradNorm: number;
  /** Learning rate of the step. */
  readonly learningRate: number;
}

/** Graphs that one trainStep keeps, for as many shapes of batches. */
const GRAPHS = 64;

/**
 * A training step around a loss of one's own. The loss is traced in training mode, once for each structure and shape of the
 * batch; it may use {@link GaussianModel.flowMatchingLoss} and the model functions. A step whose loss or gradient is
 * not finite changes nothing and rejects.
 *
 * A {@link Module} can be trained by itself, such as a classifier or a regression: its parameters have the new values as soon
 * as the step is asked for, also in other functions that use it. Several losses may train one module, and several modules in turn.
 *
 * @param model - whose parameters are trained: a model or a module
 * @param loss - a tensor of one element from a batch (a tensor, or arrays and objects of tensors)
 * @param optimizer - default `adamw()`
 * @throws ConfigError for wrong settings of the optimiser. A step rejects with a ShapeError where the loss has more than one element, and with a TraceError where
 *   it has no gradient by what is trained; parameters that it leaves out keep their values
 *
 * @example
 * ```ts
 * const step = trainStep(model, ({ x, weight }: { x: Tensor; weight: Tensor }) =>
 *   model.flowMatchingLoss(x, { reduction: "none" }).mul(weight).mean(),
 * );
 * const { loss } = await step({ x, weight });
 * ```
 *
 * @example
 * ```ts
 * const layer = new nn.Linear(3, 1);
 * const fit = trainStep(layer, ({ inputs, targets }: { inputs: Tensor; targets: Tensor }) =>
 *   layer.forward(inputs).sub(targets).square().mean(),
 * );
 * await fit({ inputs: randn([8, 3]), targets: zeros([8, 1]) });
 * ```
 */
export function trainStep<X extends Size, C extends Size, Config extends AnyConfigOf<X, C>, Data, Batch extends Tree>(
  model: FittedModel<X, C, Config, Data>,
  loss: (batch: Batch) => Tensor,
  optimizer?: Optimizer,
): (batch: Batch) => Promise<TrainStepReport>;
export function trainStep<Batch extends Tree>(
  module: Module<never, unknown>,
  loss: (batch: Batch) => Tensor,
  optimizer?: Optimizer,
): (batch: Batch) => Promise<TrainStepReport>;
export function trainStep<Batch extends Tree>(
  trained: FittedModel<Size, Size, AnyConfigOf<Size, Size>, unknown> | Module<never, unknown>,
  loss: (batch: Batch) => Tensor,
  optimizer: Optimizer = adamw(),
): (batch: Batch) => Promise<TrainStepReport> {
  functionOf("loss", loss);
  validate("Optimizer", optimizer, [], "optimizer");
  const name = `trainStep(${loss.name || "loss"})`;
  const cache = new Cache<{ readonly step: NativeTrainStep; readonly dependencies: Trace["dependencies"] }>(GRAPHS);
  const own = trained instanceof Module ? TrainedParameters.of(trained) : undefined;
  const target = own?.native ?? networkOf(trained, "trainStep", "a model or a module").native;
  const record = (batch: Batch) => {
    const trace = new Trace(name, "train");
    const graph = trace.record(() => {
      const inputs = leavesOf(batch, name).map(({ path, tensor }) =>
        traced(trace, trace.native.input(`batch.${path}`, tensor.dtype, [...tensor.shape])),
      );
      const value: unknown = loss(rebuilt(batch, inputs));
      // What it would have come to is of no use to anybody.
      if (value instanceof Promise) value.catch(() => undefined);
      if (value instanceof Tensor && value.size === 1) return [valueIn(trace, value.reshape([]))];
      const [expected, got] = ["a tensor of one element", describe(value)];
      throw new ShapeError(`${name}: the loss must be ${expected}, got ${got}`, { expected, got, where: name });
    });
    return {
      step: target.trainStep(graph, JSON.stringify(optimizer)),
      dependencies: trace.dependencies,
    };
  };
  return async (batch) => {
    const leaves = leavesOf(batch, name);
    own?.claim();
    const { step } = cache.get(
      signatureOf(leaves),
      () => record(batch),
      ({ dependencies }) => isFresh(dependencies),
    );
    const submitted = step.step(leaves.map(({ tensor }) => handleOf(tensor)));
    own?.changed();
    const report: TrainStepReport = JSON.parse(await submitted);
    if (!(trained instanceof Module)) networkOf(trained).training.reached(report.step);
    return report;
  };
}
