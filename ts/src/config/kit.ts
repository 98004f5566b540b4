// The vocabulary of generated/schemas.ts: zod schemas whose errors say what was expected.
// zod is loaded at the first validation, so that importing thalweg stays cheap.
import type * as zod from "zod";
import { hint, nearest } from "./nearest.js";

/** Any validator. */
export type Schema = zod.z.ZodType;

/** Limits of a number. */
export interface NumberLimits {
  readonly integer?: boolean;
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly below?: number;
}

/** Limits of a list's length. */
export interface ListLimits {
  readonly min?: number;
  readonly max?: number;
}

/** `"a"`, `"a" or "b"`, `"a", "b" or "c"`. */
export function listed(values: readonly string[]): string {
  if (values.length < 2) return values.join("");
  return `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

/** Whether a value survives being written to a checkpoint's config and read again. */
function isJson(value: unknown, around: readonly object[] = []): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || around.includes(value)) return false;
  const within = [...around, value];
  if (Array.isArray(value)) return value.every((part) => isJson(part, within));
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  return isPlain && Object.values(value).every((part) => part === undefined || isJson(part, within));
}

const quoted = (value: string) => JSON.stringify(value);

function numberPhrase({ integer, min, above, max, below }: NumberLimits): string {
  const low = above === undefined ? (min === undefined ? "" : ` ≥ ${min}`) : ` > ${above}`;
  const high = below === undefined ? (max === undefined ? "" : ` ≤ ${max}`) : ` < ${below}`;
  return `${integer ? "an integer" : "a number"}${[low, high].filter((part) => part !== "").join(" and")}`;
}

function listPhrase({ min, max }: ListLimits): string {
  if (min === undefined && max === undefined) return "an array";
  return `an array of ${min ?? 0}${max === min ? "" : max === undefined ? " or more" : ` to ${max}`}`;
}

/**
 * The words that validators are made of. A message of theirs is what was expected, except for unknown keys, where it is the
 * whole reason.
 *
 * @param z - zod
 * @param open - for each open definition, the names of kinds that were registered at run time
 */
export function makeKit(z: typeof zod.z, open: Readonly<Record<string, readonly string[]>>) {
  type Objects = zod.z.ZodObject;

  const names = (...values: [string, ...string[]]) => {
    const expected = listed(values.map(quoted));
    return z.enum(values, { error: ({ input }) => `${expected}${hint(input, values)}` });
  };

  const object = (shape: Record<string, Schema>) =>
    z.strictObject(shape, {
      error: (issue) => {
        if (issue.code !== "unrecognized_keys") return "an object";
        const known = Object.keys(shape);
        // One reason a line, in the order of the keys.
        const reason = (key: string) => `unknown key${hint(key, known) || `; known are ${listed(known.map(quoted))}`}`;
        return (issue.keys ?? []).map(reason).join("\n");
      },
    });

  /** The settings of a registered kind are whatever its constructor takes, as long as it can be written down. */
  const registered = (name: string) =>
    object({
      type: names(name),
      args: z.record(
        z.string(),
        z.custom((value) => isJson(value), { error: "JSON" }),
        { error: "an object" },
      ),
    });

  return {
    names,
    object,
    anything: (): Schema => z.unknown(),
    text: (): Schema => z.string({ error: "a string" }),
    boolean: (): Schema => z.boolean({ error: "true or false" }),
    later: (schema: () => Schema): Schema => z.lazy(schema),
    optional: (schema: Schema): Schema => schema.optional(),
    nullable: (schema: Schema): Schema => schema.nullable(),
    record: (schema: Schema): Schema => z.record(z.string(), schema, { error: "an object" }),
    tuple: (schemas: [Schema, ...Schema[]]): Schema => z.tuple(schemas, { error: `an array of ${schemas.length}` }),

    number(limits: NumberLimits = {}): Schema {
      const error = numberPhrase(limits);
      let schema = limits.integer ? z.int({ error }) : z.number({ error });
      if (limits.min !== undefined) schema = schema.gte(limits.min, { error });
      if (limits.above !== undefined) schema = schema.gt(limits.above, { error });
      if (limits.max !== undefined) schema = schema.lte(limits.max, { error });
      if (limits.below !== undefined) schema = schema.lt(limits.below, { error });
      return schema;
    },

    list(item: Schema, limits: ListLimits = {}): Schema {
      const error = listPhrase(limits);
      let schema = z.array(item, { error });
      if (limits.min !== undefined) schema = schema.min(limits.min, { error });
      if (limits.max !== undefined) schema = schema.max(limits.max, { error });
      return schema;
    },

    either(schemas: [Schema, ...Schema[]]): Schema {
      // Each member says by itself what it expects; see firstProblem in validate.ts.
      return z.union(schemas, { error: "" });
    },

    /** A union told apart by `tag` (mostly `"type"`), to which users may have added kinds where it is `open`. */
    tagged(kinds: [Objects, ...Objects[]], settings: { readonly tag?: string; readonly open?: string } = {}): Schema {
      const { tag = "type", open: definition = "" } = settings;
      const added = (open[definition] ?? []).map(registered);
      const all: [Objects, ...Objects[]] = [...kinds, ...added];
      const known = all.flatMap(({ shape }) => {
        const kind = shape[tag];
        return kind instanceof z.ZodEnum ? kind.options.map(String) : [];
      });
      const expected = listed(known.map(quoted));
      return z.discriminatedUnion(tag, all, {
        error: (issue) => {
          const { input } = issue;
          if (issue.code !== "invalid_union") {
            const meant = typeof input === "string" ? nearest(input, known) : undefined;
            const whole = meant === undefined ? "" : `; did you mean { ${tag}: ${quoted(meant)} }?`;
            return `an object with ${tag === "type" ? "a" : "the key"} ${quoted(tag)}${whole}`;
          }
          const type = typeof input === "object" && input !== null ? Reflect.get(input, tag) : undefined;
          const own =
            open[definition] === undefined
              ? ""
              : '; a module of your own has to be registered first. Remedy: registerModule("MyModule", MyModule)';
          return `${expected}${hint(type, known) || own}`;
        },
      });
    },
  };
}

/** See {@link makeKit}. */
export type Kit = ReturnType<typeof makeKit>;
