// What the harness asks a worker (ours, PyTorch's or JAX's) and what it answers: one line of JSON each.
// bench/own/worker.ts and bench/peers/serve.py both speak this.

/** A network by its kind and sizes. `twin` is `residual` written in TypeScript. */
export type Network =
  | { readonly kind: "residual" | "twin"; readonly hidden: readonly number[] }
  | {
      readonly kind: "dit";
      readonly patch: number;
      readonly width: number;
      readonly depth: number;
      readonly heads: number;
    }
  | { readonly kind: "conv"; readonly width: number }
  | { readonly kind: "unet"; readonly width: number; readonly mult: readonly number[]; readonly heads: number };

interface Modelled {
  readonly network: Network;
  /** Shape of one sample. */
  readonly shape: readonly number[];
  /** PyTorch only: through torch.compile. */
  readonly compile?: boolean;
}

/** Steps of training. */
export interface Train extends Modelled {
  readonly work: "train";
  readonly batch: number;
  readonly loss: "flow_matching" | "score_matching";
}

/** Sampling by Euler's method. */
export interface Sample extends Modelled {
  readonly work: "sample";
  readonly count: number;
  readonly steps: number;
}

/** Exact log densities of points, of a model whose weights are in a safetensors file. */
export interface Likelihood extends Modelled {
  readonly work: "likelihood";
  readonly points: readonly (readonly number[])[];
  readonly weights: string;
  readonly rtol: number;
  readonly atol: number;
}

/** Trains for a while and saves, for {@link Likelihood}; ours only. */
export interface Save extends Modelled {
  readonly work: "save";
  readonly folder: string;
  readonly steps: number;
  /** How many points to give back. */
  readonly count: number;
}

/** A chain of square matrix products. */
export interface Product {
  readonly work: "product";
  readonly size: number;
  readonly chain: number;
}

/** c = a + b over so many bytes. */
export interface Bandwidth {
  readonly work: "bandwidth";
  readonly bytes: number;
}

/** Frees everything that earlier requests made. */
export interface Forget {
  readonly work: "forget";
}

export type Request = Train | Sample | Likelihood | Save | Product | Bandwidth | Forget;

/** About how long a turn shall measure, in seconds; 0: the first time, with all that it prepares. */
export interface Timed {
  readonly target?: number;
  /** So many steps, or times, are measured kernel by kernel afterwards. */
  readonly kernels?: number;
}

/** What kernels of one kind took per step, and would take at the limits of the device. */
export interface Kernels {
  readonly step: string;
  readonly count: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly flops: number;
  readonly limit?: number;
}

/** What a turn gave. */
export interface Reply {
  /** Seconds per step (of training), or of the whole work. */
  readonly seconds: readonly number[];
  /** Seconds that it took to make the work and do it once; about 0 where it was known. */
  readonly first: number;
  /** Bytes of memory at the peak since the import, less those after it. */
  readonly peak: number;
  readonly parameters?: number;
  readonly flops?: number;
  readonly bytes?: number;
  /** Evaluations of the network. */
  readonly evaluations?: number;
  readonly meanLogProb?: number;
  /** Of bench/own/start.mjs: the first step less a later one. */
  readonly compileSeconds?: number;
  readonly points?: readonly (readonly number[])[];
  readonly kernels?: readonly Kernels[];
}

/** What a worker says first. */
export interface Ready {
  readonly ready: true;
  /** Seconds of importing the library. */
  readonly importSeconds: number;
  readonly versions: Readonly<Record<string, string | number>>;
}
