// Types of the errors: a code narrows to its literal, and details are checked.
import { AbortError, ConfigError, type ErrorCode, type ThalwegError, version } from "thalweg";
import { expectTypeOf, it } from "vitest";

it("code is a literal on each class and a string on the base", () => {
  expectTypeOf<ConfigError["code"]>().toEqualTypeOf<"ConfigError">();
  expectTypeOf<AbortError["code"]>().toEqualTypeOf<"AbortError">();
  expectTypeOf<ThalwegError["code"]>().toEqualTypeOf<string>();
  expectTypeOf<ConfigError["code"]>().toExtend<ErrorCode>();
  expectTypeOf<"TypoError">().not.toExtend<ErrorCode>();
});

it("details are optional and named", () => {
  expectTypeOf(ConfigError).toBeConstructibleWith("message", { path: "path.beta1", cause: 3 });
  expectTypeOf(AbortError).toBeConstructibleWith("message");
  expectTypeOf<ThalwegError["where"]>().toEqualTypeOf<string | undefined>();
});

it("version is a function to a string", () => {
  expectTypeOf(version).toEqualTypeOf<() => string>();
});
