// The kinds of views by their names: the one place that knows all of them.
// A new kind is one file and one line here.
import type { View } from "../../src/report/payload.ts";
import { histograms } from "./histogram.ts";
import { points } from "./points.ts";
import { series } from "./series.ts";
import { images, tokens } from "./tiles.ts";
import type { Comparison, Kind, Moving } from "./view.ts";

const kinds: { readonly [Name in View["kind"]]: Kind<Extract<View, { readonly kind: Name }>> } = {
  points,
  histogram: histograms,
  series,
  images,
  tokens,
};

const kindOf = (view: View) => kinds[view.kind] as Kind<View>;

/** The moving picture of a view. */
export const movingOf = (view: View): Moving => kindOf(view).moving(view);

/** The samples of a view beside its data. */
export const comparisonOf = (view: View): Comparison => kindOf(view).comparison(view);
