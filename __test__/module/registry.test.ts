// registerModule: both argument orders, a maker of configs, and refusals that say what was expected.
import { ConfigError, Module, registerModule, type Tensor } from "thalweg";
import { describe, expect, it } from "vitest";
import { makeModule, registeredNames } from "../../ts/src/module/registry.ts";

class Plain extends Module {
  readonly width: number;
  constructor({ width }: { width: number }) {
    super();
    this.width = width;
  }
  override forward(t: Tensor, x: Tensor): Tensor {
    return x.add(t.unsqueeze(1));
  }
}

describe("registerModule", () => {
  it("takes name and class in either order and returns a maker of configs", () => {
    class Other extends Plain {}
    const plain = registerModule("Plain", Plain);
    const other = registerModule(Other, "Other");
    expect(plain({ width: 3 })).toMatchObject({ type: "Plain", args: { width: 3 } });
    expect(JSON.stringify(other({ width: 4 }))).toBe('{"type":"Other","args":{"width":4}}');
    expect(makeModule(plain({ width: 3 }))).toBeInstanceOf(Plain);
    expect(makeModule({ type: "Other", args: { width: 4 } })).toMatchObject({ width: 4 });
    expect(makeModule({ type: "Nobody", args: {} })).toBeUndefined();
    expect(registeredNames()).toEqual(["Plain", "Other"]);
  });

  class Positional extends Module {
    readonly sum: number;
    constructor(a: number, b: number) {
      super();
      this.sum = a + b;
    }
    override forward(x: Tensor): Tensor {
      return x;
    }
  }
  const untyped = registerModule as (first: unknown, second: unknown) => unknown;

  it.each<[string, () => unknown, string]>([
    ["a name that is taken", () => [untyped("Twice", Plain), untyped("Twice", Plain)], '"Twice"'],
    ["a built-in name", () => untyped("TemporalSpatialResidualNet", Plain), "a name that is not built in"],
    ["a name that is no word", () => untyped("my module", Plain), "a name of letters"],
    ["no name", () => untyped(Plain, Plain), "a name of letters"],
    ["no module", () => untyped("Nothing", class {}), "a class that extends Module"],
    ["no class", () => untyped("Nothing", { forward() {} }), "a class that extends Module, got an object"],
    [
      "a constructor of several values",
      () => untyped("Positional", Positional),
      "with one config object, got 2 parameters",
    ],
  ])("refuses %s", (_, call, message) => {
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(message);
  });
});
