import { command } from "./command.js";
export const init = (_?: unknown) => command("init", "x", "x");
