import { command } from "./command.js";
export const plot = (_?: unknown) => command("plot", "x", "x");
