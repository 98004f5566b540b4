// Errors as values: every class carries its code and parts, and only the addon's own JSON becomes one.
import * as thalweg from "thalweg";
import { describe, expect, it } from "vitest";
import { fromNative } from "../ts/src/errors.ts";

const codes = [
  "AddonError",
  "ConfigError",
  "ShapeError",
  "DTypeError",
  "DataError",
  "DeviceError",
  "MemoryError",
  "CheckpointError",
  "TraceError",
  "TrainingError",
  "SolverError",
  "AbortError",
  "DisposedError",
  "InternalError",
] as const satisfies thalweg.ErrorCode[];

describe.each(codes)("%s", (code) => {
  it("comes out of the addon's JSON as its class, with every field", () => {
    const fields = { code, message: "a sentence", expected: "2", got: "3", path: "path.beta1", where: "matmul" };
    const error = fromNative(JSON.stringify(fields));
    expect(error).toBeInstanceOf(thalweg[code]);
    expect(error).toBeInstanceOf(thalweg.ThalwegError);
    expect(error).toMatchObject({ ...fields, name: code });
    expect(String(error)).toBe(`${code}: a sentence`);
    expect(error?.stack).toMatch(new RegExp(`^${code}: a sentence`));
  });
});

describe("fromNative", () => {
  it.each([
    "plain text",
    "{broken",
    "null",
    "[]",
    '{"code":"ConfigError"}',
    '{"code":"NoSuchError","message":"x"}',
    '{"code":"toString","message":"x"}',
    '{"code":"ConfigError","message":7}',
  ])("takes %j for no error of the addon", (reason) => {
    expect(fromNative(reason)).toBeUndefined();
  });

  it("leaves fields that the addon did not send undefined", () => {
    const error = fromNative('{"code":"DataError","message":"empty"}');
    expect([error?.expected, error?.got, error?.path, error?.where]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it("an error keeps its cause", () => {
  const cause = new Error("the disk is full");
  expect(new thalweg.CheckpointError("not saved", { cause }).cause).toBe(cause);
  expect("cause" in new thalweg.CheckpointError("not saved")).toBe(false);
});
