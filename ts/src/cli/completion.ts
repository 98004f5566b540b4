import { command } from "./command.js";
export const completion = (_?: unknown) => command("completion", "x", "x");
