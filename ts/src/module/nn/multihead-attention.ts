// MultiheadAttention (Vaswani et al. 2017): several attentions side by side, between learned projections.
// Parameters have PyTorch's names and shapes; the batch comes first.
import { namesOf, optionsOf } from "../../config/options.js";
import { misfit, refused, requireWhole } from "../../tensor/checks.js";
import type { Tensor } from "../../tensor/tensor.js";
import { constant, xavier } from "../init.js";
import { Module } from "../module.js";
import { Parameter } from "../parameter.js";
import { affine, Linear } from "./linear.js";

/** Settings of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions {
  /** Size of the keys' last dimension, where it is not that of the queries. */
  readonly keyFeatures?: number;
  /** Size of the values' last dimension, where it is not that of the queries. */
  readonly valueFeatures?: number;
  /** Whether something is added in each projection; default true. */
  readonly bias?: boolean;
  /** Whether query i sees the keys 0 … i only; default false. */
  readonly causal?: boolean;
  /** The fraction of weights that are set to 0 while a model is trained, in [0, 1); default 0. */
  readonly dropout?: number;
}

const names = namesOf<MultiheadAttentionOptions>({
  keyFeatures: true,
  valueFeatures: true,
  bias: true,
  causal: true,
  dropout: true,
});

/**
 * Attention with `heads` heads: queries `[B, n, features]` to keys `[B, m, …]` with values `[B, m, …]` gives `[B, n, features]`; also
 * without the batch's dimension. Of one argument it is attention to itself; of two, keys and values are the same. A mask is as in
 * {@link Multiplied.attention}: true where a query sees a key (the opposite of PyTorch's `attn_mask`), broadcast to `[B, heads, n, m]`.
 *
 * Its parameters are `in_proj_weight` (where keys or values have another size: `q_proj_weight`, `k_proj_weight` and `v_proj_weight`),
 * `in_proj_bias`, `out_proj.weight` and `out_proj.bias`. Without mask and dropout no whole matrix of weights is held.
 *
 * @example
 * ```ts
 * const attention = new nn.MultiheadAttention(32, 4);
 * const tokens = randn([2, 10, 32]);
 * attention.forward(tokens).shape; // [2, 10, 32]
 * attention.forward(tokens, randn([2, 7, 32])).shape; // [2, 10, 32]
 * ```
 */
export class MultiheadAttention extends Module {
  /** `[3·features, features]`: the rows that make queries, keys and values; undefined where their sizes differ. */
  readonly in_proj_weight: Parameter | undefined;
  /** `[features, features]`, where sizes differ. */
  readonly q_proj_weight: Parameter | undefined;
  /** `[features, keyFeatures]`, where sizes differ. */
  readonly k_proj_weight: Parameter | undefined;
  /** `[features, valueFeatures]`, where sizes differ. */
  readonly v_proj_weight: Parameter | undefined;
  /** `[3·features]`; undefined without bias. */
  readonly in_proj_bias: Parameter | undefined;
  /** What the heads' results go through. */
  readonly out_proj: Linear;
  readonly #features: number;
  readonly #heads: number;
  readonly #causal: boolean;
  readonly #dropout: number;

  /**
   * @param features - size of the queries' and the result's last dimension
   * @param heads - a divisor of it
   * @param options - sizes of keys and values, bias, what is seen
   */
  constructor(features: number, heads: number, options: MultiheadAttentionOptions = {}) {
    super();
    const name = "MultiheadAttention";
    const given = optionsOf(name, options, names);
    const { keyFeatures = features, valueFeatures = features, bias = true, causal = false, dropout = 0 } = given;
    requireWhole(name, "features and heads", [features, heads, keyFeatures, valueFeatures], 1);
    if (features % heads !== 0) throw refused(name, "heads", `a divisor of ${features} features`, heads);
    if (!(dropout >= 0 && dropout < 1)) throw refused(name, "dropout", "a rate in [0, 1)", dropout);
    const projection = (inputs: number) => new Parameter([features, inputs], { init: xavier(inputs, features) });
    if (keyFeatures === features && valueFeatures === features) {
      this.in_proj_weight = new Parameter([3 * features, features], { init: xavier(features, 3 * features) });
    } else {
      this.q_proj_weight = projection(features);
      this.k_proj_weight = projection(keyFeatures);
      this.v_proj_weight = projection(valueFeatures);
    }
    this.in_proj_bias = bias ? new Parameter([3 * features], { decay: false }) : undefined;
    this.out_proj = new Linear(features, features, { bias, biasInit: constant(0) });
    this.#features = features;
    this.#heads = heads;
    this.#causal = causal;
    this.#dropout = dropout;
  }

  override forward(query: Tensor, key: Tensor = query, value: Tensor = key, mask?: Tensor): Tensor {
    const heads = this.#projected(query, key, value).map((x) => x.unflatten(-1, [this.#heads, -1]).transpose(-3, -2));
    const [q, k, v] = heads as [Tensor, Tensor, Tensor];
    const seen = { causal: this.#causal, dropout: this.#dropout, ...(mask === undefined ? {} : { mask }) };
    return this.out_proj.forward(q.attention(k, v, seen).transpose(-3, -2).flatten(-2));
  }

  /** Queries, keys and values of all heads; what comes from one tensor by one weight, in one product. */
  #projected(query: Tensor, key: Tensor, value: Tensor): Tensor[] {
    const size = this.#features;
    const rows = (parameter: Parameter | undefined, start: number, count: number) =>
      parameter?.narrow(0, start * size, count * size);
    const weight = this.in_proj_weight;
    const separate = [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight];
    const product = (x: Tensor, start: number, count: number): Tensor[] => {
      const rowsOfWeight = rows(weight, start, count) ?? (separate[start] as Parameter);
      const wanted = rowsOfWeight.shape[1];
      if (x.shape.at(-1) !== wanted || x.rank < 2) {
        const what = ["queries", "keys", "values"][start];
        throw misfit("MultiheadAttention", `${what} [B, …, ${wanted}]`, `[${x.shape.join(", ")}]`);
      }
      return affine(x, rowsOfWeight, rows(this.in_proj_bias, start, count)).split(size, -1);
    };
    if (weight !== undefined && key === value) {
      return query === key ? product(query, 0, 3) : [...product(query, 0, 1), ...product(key, 1, 2)];
    }
    return [query, key, value].flatMap((x, i) => product(x, i, 1));
  }
}
