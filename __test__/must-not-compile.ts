// Wrong uses of thalweg: each line that ends in an error marker must be refused by the compiler, and no other.
// scripts/must-not-compile.mjs checks it; the file is part of no build.
import { ConfigError, type ErrorCode, version } from "thalweg";

const text: string = version();
export const number: number = version(); // error
export const codes: ErrorCode[] = ["ConfigError", "TypoError"]; // error
export const error = new ConfigError(7); // error
export const detailed = new ConfigError(text, { expectd: "a typo" }); // error
export const right = new ConfigError(text, { expected: "a number" });
right.code = "ShapeError"; // error
