import { command } from "./command.js";
export const sample = (_?: unknown) => command("sample", "x", "x");
