import { command } from "./command.js";
export const config = (_?: unknown) => command("config", "x", "x");
