// The native model together with the TypeScript module that it may contain.
// Traces the module's forward for the shapes of a job before the job is submitted.
import { validate } from "../config/validate.js";
import { ConfigError, ThalwegError } from "../errors.js";
import type { DiffusionConfig } from "../generated/config.js";
import { type Need, traceForward } from "../module/forward.js";
import type { Module } from "../module/module.js";
import { makeModule, registeredNames } from "../module/registry.js";
import type { NativeModel } from "../native/boundary.js";
import { native } from "../native.js";

/** A job that is about to be submitted, as far as shapes go. */
export type Job =
  | { readonly kind: "fit"; readonly options: object; readonly rows: number; readonly validationRows: number }
  | { readonly kind: "sample"; readonly options: object; readonly given: number | undefined }
  | { readonly kind: "loss"; readonly rows: number; readonly training: boolean };

/** The registered module that a config asks for; undefined where the backbone is built in. */
function moduleOf({ model }: DiffusionConfig): Module<never, unknown> | undefined {
  const { backbone } = model.args;
  try {
    return makeModule(backbone);
  } catch (cause) {
    if (cause instanceof ThalwegError) throw cause;
    const path = "model.args.backbone";
    const message = `${path}: ${backbone.type} could not be made from its args: ${String(cause)}`;
    throw new ConfigError(message, { path, got: String(cause), cause });
  }
}

/** A native model, and the module whose forward it needs traced. */
export class Network {
  /** The model on the other side. */
  readonly native: NativeModel;
  /** How many times the module's forward was run to record it. */
  traces = 0;
  readonly #type: string;
  readonly #module: Module<never, unknown> | undefined;

  /** @throws ConfigError with the path of the field that is wrong */
  constructor(config: DiffusionConfig) {
    validate("DiffusionConfig", config, registeredNames());
    this.#type = config.model.args.backbone.type;
    this.#module = moduleOf(config);
    const parameters = this.#module?.parameters().map(({ name, parameter }) => {
      const { shape, init, trainable, decay } = parameter;
      return { name, shape, init, trainable, decay };
    });
    const external = parameters === undefined ? {} : { [this.#type]: { parameters } };
    this.native = new native.NativeModel(JSON.stringify(config), JSON.stringify(external));
  }

  /** Records the forwards that a job needs and that are not known yet. */
  prepare(job: Job): void {
    const module = this.#module;
    if (module === undefined) return;
    const needs: Need[] = JSON.parse(this.native.needs(JSON.stringify(job)));
    for (const need of needs) {
      this.native.provide(need.key, traceForward(this.#type, module, need));
      this.traces += 1;
    }
  }
}
