// From a column's units to those that a network sees, and back.
// A new transform is one entry of each list here, and a type in crates/model/src/table.rs.
import type { Transform } from "../../generated/config.js";
import { knotsOf, quantileScale } from "./quantile.js";

/** A function of numbers and its inverse. */
export interface Scale {
  forward(value: number): number;
  inverse(value: number): number;
  /** The derivative of `forward`, ≥ 0; infinite where it jumps. */
  slope(value: number): number;
}

/** What a transform is fitted to: the values of a column that are there. */
export interface Measured {
  /** In ascending order; at least one. */
  readonly ascending: Float64Array;
  readonly mean: number;
  /** 1 where all values are equal. */
  readonly std: number;
}

type Kind = Transform["type"];

const fits: { readonly [K in Kind]: (measured: Measured) => Extract<Transform, { type: K }> } = {
  none: () => ({ type: "none" }),
  standard: ({ mean, std }) => ({ type: "standard", mean, std }),
  minMax: ({ ascending }) => {
    const [min, max] = [ascending[0] as number, ascending[ascending.length - 1] as number];
    return { type: "minMax", min, max: max > min ? max : min + Math.max(1, Math.abs(min) / 2 ** 52) };
  },
  quantile: ({ ascending }) => ({ type: "quantile", knots: knotsOf(ascending) }),
};

const scales: { readonly [K in Kind]: (transform: Extract<Transform, { type: K }>) => Scale } = {
  none: () => ({ forward: (value) => value, inverse: (value) => value, slope: () => 1 }),
  standard: ({ mean, std }) => ({
    forward: (value) => (value - mean) / std,
    inverse: (value) => value * std + mean,
    slope: () => 1 / std,
  }),
  minMax: ({ min, max }) => ({
    forward: (value) => (2 * (value - min)) / (max - min) - 1,
    inverse: (value) => min + ((value + 1) / 2) * (max - min),
    slope: () => 2 / (max - min),
  }),
  quantile: ({ knots }) => quantileScale(knots),
};

/** The kinds of transforms. */
export const transformKinds = Object.keys(fits) as readonly Kind[];

/** A transform of this kind, fitted to a column. */
export const fittedTransform = (kind: Kind, measured: Measured): Transform => fits[kind](measured);

/** What a transform does. */
export const scaleOf = <K extends Kind>(transform: Extract<Transform, { type: K }>): Scale =>
  (scales[transform.type as K] as (transform: Extract<Transform, { type: K }>) => Scale)(transform);
