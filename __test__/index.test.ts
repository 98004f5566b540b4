// The package as a whole: importing it is cheap, and what it exports is what the index says.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as thalweg from "thalweg";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

it("importing it loads no other package: these come at their first use", () => {
  const source = `
    import { createRequire } from "node:module";
    import { compile, tensor, DiffusionModel } from "thalweg";
    const loaded = () => [...new Set(Object.keys(createRequire(import.meta.url).cache).flatMap((file) => /node_modules.([^/\\\\]+)/.exec(file)?.[1] ?? []))];
    const before = loaded();
    try { new DiffusionModel({}); } catch {}
    console.log(JSON.stringify([before, loaded()]));`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", source], {
    cwd: root,
    encoding: "utf8",
  });
  expect(JSON.parse(printed)).toEqual([[], ["zod"]]);
});

it("exports no more than is meant for users", () => {
  const classes = ["Module", "Parameter", "Report", "Run", "Table", "TableEncoding", "Tensor"];
  const models = [
    "DiffusionModel",
    "DiscreteFlowMatchingModel",
    "EnergyConditionalDiffusionModel",
    "GuidedConditionalFlowModel",
    "GuidedDiffusionModel",
    "GuidedSchrodingerBridgeModel",
    "IndependentConditionalFlowModel",
    "OptimalTransportConditionalFlowModel",
    "SchrodingerBridgeConditionalFlowModel",
  ];
  const functions = ["customPath", "diffusionFunction", "functionalCall", "weightFunction"];
  const errors = Object.keys(thalweg).filter((name) => name.endsWith("Error"));
  const namespaces = ["datasets", "init", "metrics", "nn", "plot"];
  const tensors = [
    ...[
      "arange",
      "eye",
      "full",
      "linspace",
      "meshgrid",
      "ones",
      "rand",
      "randInt",
      "randn",
      "randPerm",
      "tensor",
      "zeros",
    ],
    ...["fullLike", "onesLike", "randLike", "randnLike", "zerosLike"],
    ...["einsum", "memory", "tidy"],
  ];
  const transforms = ["compile", "grad", "jvp", "stopGradient", "valueAndGrad"];
  const training = ["adam", "adamw", "constant", "cosine", "linear", "sgd", "trainStep", "warmupCosine"];
  const logs = ["jsonLinesLog", "livePage", "report", "tensorBoardLog"];
  const files = [
    "readIdx",
    "readImages",
    "readLog",
    "readNpy",
    "readNpz",
    "readTable",
    "writeCsv",
    "writeNpy",
    "writeNpz",
  ];
  const others = [
    "doctor",
    "fitEncoding",
    "fromColumns",
    "load",
    "made",
    "profile",
    "registerModule",
    "toRows",
    "version",
  ];
  const all = [
    ...classes,
    ...models,
    ...functions,
    ...errors,
    ...namespaces,
    ...tensors,
    ...transforms,
    ...training,
    ...logs,
    ...files,
    ...others,
  ];
  expect(Object.keys(thalweg).sort()).toEqual(all.sort());
  expect(errors.length).toBe(15);
});
