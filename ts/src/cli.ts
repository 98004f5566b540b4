#!/usr/bin/env node
// The command `thalweg`. It loads no addon by itself, so that it runs where none can be loaded.
import { main } from "./cli/main.js";

await main(process.argv.slice(2));
