import { command } from "./command.js";
export const evaluate = (_?: unknown) => command("evaluate", "x", "x");
