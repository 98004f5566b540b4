// Folders of images: pixels, order, classes, and what happens to files that are none.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { ConfigError, DataError, memory, type ReadImagesSettings, readImages } from "thalweg";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { numbers } from "../model/support.ts";
import { held } from "../support/live.ts";

let root: string;
let folder: string;
let count = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "thalweg-images-"));
});
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes an image of these pixels, row by row. */
async function image(name: string, pixels: readonly number[], width: number, channels: 1 | 3 | 4): Promise<void> {
  const height = pixels.length / channels / width;
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  await sharp(Uint8Array.from(pixels), { raw: { width, height, channels } }).toFile(file);
}

describe("pixels", () => {
  const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 51, 102, 204];

  it("lie channel by channel, row by row, from −1 to 1", async () => {
    await image("a.png", colours, 3, 3);
    const { images, labels, classes, files } = await readImages(folder, { size: [2, 3] });
    expect([images.dtype, images.shape]).toEqual(["f32", [1, 3, 2, 3]]);
    const unit = [1, 0, 0, 1, 0, 0.2, 0, 1, 0, 1, 0, 0.4, 0, 0, 1, 1, 0, 0.8];
    (await numbers(images)).forEach((value, i) => void expect(value).toBeCloseTo(2 * (unit[i] ?? 0) - 1, 6));
    expect([await numbers(labels), classes, files]).toEqual([[0], [], [join(folder, "a.png")]]);
  });

  it("or from 0 to 1, grey, or with opacity", async () => {
    await image("a.png", [0, 51, 255, 102], 2, 1);
    const grey = await readImages(folder, { size: [2, 2], channels: 1, range: "unit" });
    expect(grey.images.shape).toEqual([1, 1, 2, 2]);
    (await numbers(grey.images)).forEach((value, i) => void expect(value).toBeCloseTo([0, 0.2, 1, 0.4][i] ?? 0, 6));
    const opaque = await readImages(folder, { size: [2, 2], channels: 4, range: "unit" });
    expect((await numbers(opaque.images)).slice(12)).toEqual([1, 1, 1, 1]);
  });

  it("of other sizes are scaled to cover, in colour and grey, PNG and JPEG alike", async () => {
    await image(
      "wide.png",
      Array.from({ length: 8 * 4 * 3 }, () => 128),
      8,
      3,
    );
    await image(
      "tall.jpeg",
      Array.from({ length: 6 * 12 }, () => 64),
      6,
      1,
    );
    const { images } = await readImages(folder, { size: [4, 4], range: "unit" });
    expect(images.shape).toEqual([2, 3, 4, 4]);
    const all = await numbers(images);
    for (const value of all.slice(0, 48)) expect(Math.abs(value - 64 / 255)).toBeLessThan(0.02);
    for (const value of all.slice(48)) expect(value).toBeCloseTo(128 / 255, 6);
  });
});

it("folders are classes, names give the order, other files do not count", async () => {
  for (const [name, value] of [
    ["dog/2.png", 2],
    ["dog/10.png", 1],
    ["cat/x.png", 0],
  ] as const) {
    await image(name, [value, value, value], 1, 3);
  }
  writeFileSync(join(folder, "cat", "notes.txt"), "none");
  const { images, labels, classes, files } = await readImages(folder, { size: [1, 1] });
  expect(classes).toEqual(["cat", "dog"]);
  expect(await numbers(labels)).toEqual([0, 1, 1]);
  expect(labels.dtype).toBe("i64");
  expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
    join("cat", "x.png"),
    join("dog", "10.png"),
    join("dog", "2.png"),
  ]);
  const first = (await numbers(images.select(1, 0))).map((value) => Math.round(127.5 * (value + 1)));
  expect(first).toEqual([0, 1, 2]);
});

describe("what is wrong is an error, and nothing stays loaded", () => {
  const failure = async (settings: ReadImagesSettings = { size: [2, 2] }) => {
    const before = await held();
    const error = await readImages(folder, settings).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(memory().liveTensors).toBe(before);
    return error;
  };

  it("an image that is none, with its name", async () => {
    await image("a.png", [1, 2, 3], 1, 3);
    writeFileSync(join(folder, "b.png"), "no image");
    const error = await failure();
    expect(error).toBeInstanceOf(DataError);
    expect(error?.message).toContain(`${join(folder, "b.png")} could not be read: `);
  });

  it("no image, no folder, images beside folders of images", async () => {
    expect((await failure())?.message).toMatch(/expected images, either all in folders .* or none, got none/);
    await image("a.png", [1, 2, 3], 1, 3);
    await image("class/a.png", [1, 2, 3], 1, 3);
    expect((await failure())?.message).toMatch(/got .*a\.png beside such folders/);
    await expect(readImages(join(folder, "none"), { size: [1, 1] })).rejects.toThrow(/none could not be read: ENOENT/);
  });

  it.each([{ size: [0, 2] }, { size: [2] }, {}, { size: [2, 2], channels: 2 }, { size: [2, 2], range: "0..1" }])(
    "settings %j",
    async (settings) => {
      expect(await failure(settings as unknown as ReadImagesSettings)).toBeInstanceOf(ConfigError);
    },
  );
});

it("without sharp the error says what to install", async () => {
  vi.doMock("sharp", () => {
    throw new Error("Cannot find package 'sharp'");
  });
  try {
    await expect(readImages(folder, { size: [1, 1] })).rejects.toThrow(/needs the package sharp.*npm install sharp/);
  } finally {
    vi.doUnmock("sharp");
  }
});
