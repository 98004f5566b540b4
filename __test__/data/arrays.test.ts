// npy, npz and idx files: those of other makers read as what they hold, ours read back to the same bits, damaged ones load nothing.
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import {
  ConfigError,
  DataError,
  type DType,
  memory,
  randn,
  readIdx,
  readNpy,
  readNpz,
  type Tensor,
  tensor,
  writeNpy,
  writeNpz,
} from "thalweg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { numbers } from "../model/support.ts";
import { held } from "../support/live.ts";

const golden = (name: string) => fileURLToPath(new URL(`../golden/data/${name}`, import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "thalweg-arrays-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What scripts/golden/data.py puts into an array. */
const entries = (count: number, step = 1) => Array.from({ length: count }, (_, i) => (i - 3) / step);

describe("arrays that NumPy saved", () => {
  it.each<[string, DType, number[], number[]]>([
    ["f4", "f32", [3, 4], entries(12, 4)],
    ["version2", "f32", [3, 4], entries(12, 4)],
    ["f8-big", "f64", [5], entries(5, 4)],
    ["f2", "f32", [2, 3], entries(6, 4)],
    ["i2-big", "i64", [2, 3], entries(6)],
    ["i8", "i64", [], [-3]],
    ["u1", "i64", [2, 2, 2], entries(8).map((value) => value + 3)],
    ["u4", "i64", [4], [0, 1, 2, 3]],
    ["bool", "bool", [6], [0, 1, 0, 1, 0, 1]],
    ["empty", "f32", [0, 3], []],
    ["fortran", "f32", [2, 3, 4], entries(24, 4)],
  ])("%s", async (name, dtype, shape, values) => {
    const array = await readNpy(golden(`${name}.npy`));
    expect([array.dtype, array.shape]).toEqual([dtype, shape]);
    expect(await numbers(array)).toEqual(values);
  });

  it("become the element type that is asked for", async () => {
    const array = await readNpy(golden("u1.npy"), { dtype: "f32" });
    expect([array.dtype, await numbers(array)]).toEqual(["f32", [0, 1, 2, 3, 4, 5, 6, 7]]);
    await expect(readNpy(golden("f4.npy"), { dtype: "i64" })).rejects.toThrow(/expected integers/);
  });

  it.each(["stored", "compressed"])("several of them, %s", async (name) => {
    const { x, labels, ...others } = await readNpz(golden(`${name}.npz`));
    expect(others).toEqual({});
    expect([x?.shape, labels?.dtype]).toEqual([[3, 4], "i64"]);
    expect(await numbers(x as Tensor)).toEqual(entries(12, 4));
    expect(await numbers(labels as Tensor)).toEqual([-3, -2, -1]);
  });

  it.each<[string, RegExp]>([
    ["texts", /texts\.npy: expected numbers or truth values, got "<U1"/],
    ["complex", /expected numbers or truth values, got "<c16"/],
    ["beyond", /element 1: expected integers ≤ 9223372036854775807, got 9223372036854775808/],
  ])("but not %s", async (name, message) => {
    await expect(readNpy(golden(`${name}.npy`))).rejects.toThrow(DataError);
    await expect(readNpy(golden(`${name}.npy`))).rejects.toThrow(message);
  });
});

describe("arrays that we wrote", () => {
  it.each<[DType, number[]]>([
    ["f32", [3, 5]],
    ["f64", [7]],
    ["f32", []],
    ["f64", [2, 3, 4]],
  ])("%s %j read back to the same bits", async (dtype, shape) => {
    const array = randn(shape, { dtype, seed: 3 });
    await writeNpy(join(folder, "x.npy"), array);
    const read = await readNpy(join(folder, "x.npy"));
    expect([read.dtype, read.shape, await numbers(read)]).toEqual([dtype, shape, await numbers(array)]);
  });

  it("integers and truth values as well, and several by name", async () => {
    const arrays = { tokens: tensor([1n, -(2n ** 62n)]), flags: tensor([true, false]) };
    await writeNpz(join(folder, "all.npz"), arrays);
    const read = await readNpz(join(folder, "all.npz"));
    expect(Object.keys(read)).toEqual(["tokens", "flags"]);
    expect(await read.tokens?.data()).toEqual(await arrays.tokens.data());
    expect(await read.flags?.toArray()).toEqual([true, false]);
    await expect(writeNpz(join(folder, "bad.npz"), { "a/b": arrays.flags })).rejects.toThrow(ConfigError);
    expect(readdirSync(folder).filter((name) => name.startsWith("bad") || name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("idx files", () => {
  it("MNIST's, compressed", async () => {
    const images = await readIdx(golden("train-images-idx3-ubyte.gz"), { dtype: "f32" });
    expect([images.dtype, images.shape]).toEqual(["f32", [4, 3, 5]]);
    expect(await numbers(images)).toEqual(Array.from({ length: 60 }, (_, i) => i));
    const labels = await readIdx(golden("train-labels-idx1-ubyte.gz"));
    expect([labels.dtype, await numbers(labels)]).toEqual(["i64", [5, 0, 4, 1]]);
  });

  it("of floats and of integers, not compressed", async () => {
    expect(await (await readIdx(golden("plain-idx2-float"))).toArray()).toEqual([
      [-0.75, -0.5, -0.25],
      [0, 0.25, 0.5],
    ]);
    expect(await numbers(await readIdx(golden("plain-idx1-int")))).toEqual([-3, -2, -1, 0]);
  });
});

describe("compressed idx files that hold more than they say", () => {
  /** The header of u1 numbers of a shape. */
  const header = (...shape: number[]) => {
    const bytes = Buffer.alloc(4 + 4 * shape.length);
    bytes.writeUInt16BE(0x0800 + shape.length, 2);
    for (const [axis, size] of shape.entries()) bytes.writeUInt32BE(size, 4 + 4 * axis);
    return bytes;
  };
  const written = (...parts: Buffer[]) => {
    const file = join(folder, "bomb.gz");
    writeFileSync(file, Buffer.concat(parts));
    return file;
  };

  it("are not inflated beyond it", async () => {
    // 2 GiB of zeros, as members that follow each other.
    const zeros = gzipSync(Buffer.alloc(1 << 24));
    const file = written(gzipSync(header(2, 3)), ...Array.from({ length: 128 }, () => zeros));
    const before = process.resourceUsage().maxRSS;
    await expect(readIdx(file)).rejects.toThrow(/bomb\.gz: expected 6 bytes of numbers for shape \[2,3\], got more/);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(64 << 10);
  });

  it("take no memory for numbers that cannot be there", async () => {
    await expect(readIdx(written(gzipSync(header(60_000, 60_000, 60_000))))).rejects.toThrow(
      /expected at most \d+ bytes of numbers, as many as the file can hold, got shape \[60000,60000,60000\], 216000000000000 bytes/,
    );
    await expect(readIdx(written(gzipSync(header(4, 3)), gzipSync(Buffer.alloc(7))))).rejects.toThrow(
      /expected 12 bytes of numbers for shape \[4,3\], got 7/,
    );
  });

  it("may come in members, and in small pieces", async () => {
    const file = written(
      gzipSync(header(2, 3).subarray(0, 5)),
      gzipSync(header(2, 3).subarray(5)),
      gzipSync(Buffer.from("abcdef")),
    );
    expect(await numbers(await readIdx(file))).toEqual([97, 98, 99, 100, 101, 102]);
  });
});

describe("damaged files are errors that name them, and nothing stays loaded", () => {
  const readers = { npy: readNpy, npz: readNpz, idx: readIdx };
  /** Changes the byte at a place. */
  const poked = (place: number, change: (byte: number) => number) => (bytes: Buffer) => {
    bytes.writeUInt8(change(bytes.readUInt8(place)), place);
    return bytes;
  };
  const cut = (name: string, change: (bytes: Buffer) => Buffer) => change(readFileSync(golden(name)));

  it.each<[string, keyof typeof readers, string, (bytes: Buffer) => Buffer, RegExp]>([
    ["cut in its numbers", "npy", "f4.npy", (b) => b.subarray(0, -3), /expected 48 bytes of numbers .*\[3,4\], got 45/],
    ["with too many numbers", "npy", "f4.npy", (b) => Buffer.concat([b, b]), /expected 48 bytes/],
    [
      "cut in its header",
      "npy",
      "f4.npy",
      (b) => b.subarray(0, 40),
      /expected a header that ends at byte 128, got 40 bytes/,
    ],
    ["of another format", "npy", "f4.npy", () => Buffer.from("PK, something else"), /expected an npy file/],
    ["empty", "npy", "f4.npy", () => Buffer.alloc(0), /expected an npy file/],
    ["of version 9", "npy", "f4.npy", poked(6, () => 9), /version 1, 2 or 3, got 9/],
    [
      "without a shape",
      "npy",
      "f4.npy",
      (b) => Buffer.from(b.toString("latin1").replace("'shape'", "'shaqe'"), "latin1"),
      /header with the shape/,
    ],
    ["with one bit wrong", "npz", "stored.npz", poked(200, (byte) => byte ^ 1), /a sound npz file/],
    ["cut", "npz", "compressed.npz", (b) => b.subarray(0, 200), /a sound npz file/],
    ["no zip file", "npz", "f4.npy", (b) => b, /a sound npz file/],
    ["cut, compressed", "idx", "train-images-idx3-ubyte.gz", (b) => b.subarray(0, 40), /a sound gzip file/],
    ["cut", "idx", "plain-idx2-float", (b) => b.subarray(0, 30), /expected 24 bytes of numbers/],
    ["cut in its sizes", "idx", "plain-idx2-float", (b) => b.subarray(0, 9), /the sizes of 2 dimensions/],
    ["of an unknown type", "idx", "plain-idx2-float", poked(2, () => 7), /the type of numbers .* got 7/],
    ["of another format", "idx", "f4.npy", (b) => b, /expected an idx file/],
  ])("%s (%s)", async (_, kind, name, change, message) => {
    const file = join(folder, `damaged.${kind}`);
    writeFileSync(file, cut(name, change));
    const before = await held();
    const error = await readers[kind](file).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(file);
    expect(memory().liveTensors).toBeLessThanOrEqual(before);
  });

  it("a file that is not there", async () => {
    for (const read of Object.values(readers)) {
      await expect(read(join(folder, "none"))).rejects.toThrow(/none could not be read: ENOENT/);
    }
  });

  it("files of another ending read by what is in them", async () => {
    copyFileSync(golden("f4.npy"), join(folder, "x.bin"));
    expect((await readNpy(join(folder, "x.bin"))).shape).toEqual([3, 4]);
  });
});
