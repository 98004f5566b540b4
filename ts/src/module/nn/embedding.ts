// Embedding: a learned row for each class.
// Started N(0, 1), as in PyTorch.
import { DTypeError } from "../../errors.js";
import { requireWhole } from "../../tensor/checks.js";
import type { Tensor } from "../../tensor/tensor.js";
import { normal } from "../init.js";
import { Parameter } from "../parameter.js";
import { Layer } from "./layer.js";

/**
 * Looks up rows of a table: i64 classes `[…]` become `[…, features]`.
 *
 * @example
 * ```ts
 * new nn.Embedding(10, 4).forward(tensor([[3n, 7n]])).shape; // [1, 2, 4]
 * ```
 */
export class Embedding extends Layer {
  /** `[count, features]`. */
  readonly weight: Parameter;

  /**
   * @param count - number of classes
   * @param features - size of a row
   */
  constructor(count: number, features: number) {
    super();
    requireWhole("Embedding", "count and features", [count, features], 1);
    this.weight = new Parameter([count, features], { init: normal(1), decay: false });
  }

  override forward(classes: Tensor): Tensor {
    if (classes.dtype !== "i64") {
      const remedy =
        'Remedy: classes.cast("i64"), as of a model\'s condition, whose labels are numbers of its own type';
      const [expected, got] = ["classes of i64", classes.dtype];
      throw new DTypeError(`Embedding: expected ${expected}, got ${got}. ${remedy}`, {
        expected,
        got,
        where: "Embedding",
      });
    }
    return this.weight.indexSelect(0, classes);
  }
}
