// All rows, in the order in which they are run and shown.
// A new row is an entry in one of these files.
import type { Entry } from "../lib/entry.ts";
import { growth } from "./growth.ts";
import { likelihood } from "./likelihood.ts";
import { memory } from "./memory.ts";
import { ownNetworks } from "./own-networks.ts";
import { sample } from "./sample.ts";
import { start } from "./start.ts";
import { train } from "./train.ts";

export const rows: readonly Entry[] = [
  ...train,
  ...sample,
  ...start,
  ...ownNetworks,
  ...likelihood,
  ...memory,
  ...growth,
];
