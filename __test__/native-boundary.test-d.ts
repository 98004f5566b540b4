// The boundary that TypeScript is written against is the one that the addon has: every export and every method.
import { expectTypeOf, it } from "vitest";
import type * as addon from "../ts/src/generated/addon.ts";
import type * as boundary from "../ts/src/native/boundary.ts";

/** The numbers of arguments that methods take. */
type Arguments<T> = { [Name in keyof T]: T[Name] extends (...args: infer A) => unknown ? A["length"] : "a value" };

it("every export is there", () => {
  expectTypeOf<keyof boundary.Boundary>().toExtend<keyof typeof addon>();
});

it("every method of a class is there", () => {
  expectTypeOf<keyof boundary.NativeTensor>().toExtend<keyof addon.NativeTensor>();
  expectTypeOf<keyof boundary.NativeTensorWriter>().toExtend<keyof addon.NativeTensorWriter>();
  expectTypeOf<keyof boundary.NativeTrace>().toExtend<keyof addon.NativeTrace>();
  expectTypeOf<keyof boundary.NativeGraph>().toExtend<keyof addon.NativeGraph>();
  expectTypeOf<keyof boundary.NativeRun>().toExtend<keyof addon.NativeRun>();
  expectTypeOf<keyof boundary.NativeTrainStep>().toExtend<keyof addon.NativeTrainStep>();
  expectTypeOf<keyof boundary.NativeModel>().toExtend<keyof addon.NativeModel>();
});

it("every function takes as many arguments, and every constructor", () => {
  type Functions = Pick<boundary.Boundary, Exclude<keyof boundary.Boundary, `Native${string}`>>;
  type Theirs = Pick<typeof addon, keyof Functions & keyof typeof addon>;
  expectTypeOf<Arguments<Functions>>().toEqualTypeOf<Arguments<Theirs>>();
  type Made = ConstructorParameters<boundary.Boundary["NativeModel"]>["length"];
  expectTypeOf<Made>().toEqualTypeOf<ConstructorParameters<typeof addon.NativeModel>["length"]>();
});

it("every method takes as many arguments", () => {
  type Same<Mine, Theirs> = {
    [Name in keyof Arguments<Mine>]: Name extends keyof Theirs ? Arguments<Theirs>[Name] : never;
  };
  expectTypeOf<Arguments<boundary.NativeModel>>().toEqualTypeOf<Same<boundary.NativeModel, addon.NativeModel>>();
  expectTypeOf<Arguments<boundary.NativeTrace>>().toEqualTypeOf<Same<boundary.NativeTrace, addon.NativeTrace>>();
  expectTypeOf<Arguments<boundary.NativeTensor>>().toEqualTypeOf<Same<boundary.NativeTensor, addon.NativeTensor>>();
  expectTypeOf<Arguments<boundary.NativeGraph>>().toEqualTypeOf<Same<boundary.NativeGraph, addon.NativeGraph>>();
  expectTypeOf<Arguments<boundary.NativeRun>>().toEqualTypeOf<Same<boundary.NativeRun, addon.NativeRun>>();
});
