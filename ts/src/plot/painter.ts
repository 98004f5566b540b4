// The thread that draws: Vega and resvg work at a stretch, for tens to hundreds of milliseconds, in which others shall have their turn.
// It is started by the first picture, stays for those to come, and keeps no process alive that has nothing else to do.
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import type { Spec } from "vega";
import { inSlices } from "../data/slices.js";
import { InternalError } from "../errors.js";
import { packageFile } from "../native.js";
import type { DataSets } from "./data-sets.js";

/** A picture: a specification, and its data by the names that it has for them. */
export interface Picture {
  readonly spec: Spec;
  readonly data: DataSets;
}

/** Pixels of a PNG per unit of the picture. */
const SCALE = 2;

/** Pixels of a PNG at most: each is four bytes, several times over. */
const MOST = 64e6;

/** What becomes of a picture: SVG or PNG, for which resvg has settings; either as the bytes of its file. */
interface Order extends Picture {
  readonly png: object | undefined;
}

/** What the thread says of a picture. */
interface Answer {
  readonly id: number;
  readonly content?: Uint8Array;
  readonly error?: Error;
}

/**
 * What the thread runs. It is a text since a file of its own would not be found in the bundle that is published, nor in sources that others compile. Packages come by their paths.
 */
const program = `
const { parentPort, workerData } = require("node:worker_threads");

const rowsOf = (columns) => {
  const names = Object.keys(columns);
  const rows = new Array(columns[names[0]].length);
  for (let i = 0; i < rows.length; i++) {
    const row = {};
    for (const name of names) row[name] = columns[name][i];
    rows[i] = row;
  }
  return rows;
};

const imageOf = async (pixels) => {
  const { encode } = await import(workerData.png);
  const file = encode({ ...pixels, depth: 8 });
  return [{ url: "data:image/png;base64," + Buffer.from(file).toString("base64") }];
};

const loggerOf = (failures) => {
  const logger = {
    level: () => logger,
    error(...told) {
      failures.push(told[0] instanceof Error ? told[0] : new Error(told.join(" ")));
      return logger;
    },
    warn: () => logger,
    info: () => logger,
    debug: () => logger,
  };
  return logger;
};

const svgOf = async ({ spec, data }) => {
  const { parse, resetSVGDefIds, View } = await import(workerData.vega);
  const own = [];
  for (const [name, set] of Object.entries(data))
    own.push({ name, values: "pixels" in set ? await imageOf(set.pixels) : rowsOf(set) });
  const failures = [];
  const view = new View(parse({ ...spec, data: own }), { renderer: "none", logger: loggerOf(failures) });
  // Names that a picture has for its parts count from the first: the same picture is the same text.
  resetSVGDefIds();
  try {
    const svg = await view.toSVG();
    // Vega tells what failed, and goes on without.
    if (failures.length > 0) throw failures[0];
    return svg;
  } finally {
    view.finalize();
  }
};

const drawn = async (order) => {
  const svg = await svgOf(order);
  if (order.png === undefined) return new TextEncoder().encode(svg);
  const { Resvg } = require(workerData.resvg);
  // A picture of very many panels has fewer pixels for each.
  const [, width = 1, height = 1] = /width="(\\d+)" height="(\\d+)"/.exec(svg) ?? [];
  const value = Math.min(order.png.scale, Math.sqrt(order.png.most / (width * height)));
  const settings = { font: order.png.font, fitTo: { mode: "zoom", value } };
  // Vega asks for sharp pixels twice, and resvg knows only the first name.
  return new Uint8Array(new Resvg(svg.replaceAll("image-rendering: pixelated;", ""), settings).render().asPng());
};

// One after the other, since names are counted for all.
let last = Promise.resolve();
parentPort.on("message", ({ id, ...order }) => {
  const answered = async () => {
    try {
      const content = await drawn(order);
      parentPort.postMessage({ id, content }, [content.buffer]);
    } catch (error) {
      parentPort.postMessage({ id, error });
    }
  };
  last = last.then(answered);
});
`;

interface Waiting {
  readonly resolve: (content: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** A thread, and those who wait for it. */
class Painter {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(worker: Worker, onEnd: () => void) {
    this.#worker = worker;
    worker.unref();
    worker.on("message", (answer: Answer) => this.#answered(answer));
    let cause: unknown;
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      onEnd();
      const error = failed("the thread that draws has ended", cause);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  draw(order: Order): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#last += 1;
      this.#worker.postMessage({ id: this.#last, ...order });
      this.#waiting.set(this.#last, { resolve, reject });
      // Only while it has work may it keep the process alive.
      this.#worker.ref();
    });
  }

  #answered({ id, content, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (content !== undefined) waiting?.resolve(content);
    else waiting?.reject(failed(error?.message ?? "", error));
  }
}

const failed = (why: string, cause: unknown) => new InternalError(`a picture could not be drawn: ${why}`, { cause });

let painter: Promise<Painter> | undefined;

async function started(): Promise<Painter> {
  const { Worker: Thread } = await import("node:worker_threads");
  const workerData = {
    vega: pathToFileURL(packageFile("vega")).href,
    png: pathToFileURL(packageFile("fast-png")).href,
    resvg: packageFile("@resvg/resvg-js"),
  };
  // Without what the process was started with, such as a compiler that is loaded before everything else.
  const worker = new Thread(program, { eval: true, workerData, execArgv: [], name: "thalweg plot" });
  return new Painter(worker, () => {
    painter = undefined;
  });
}

async function drawn(order: Order): Promise<Uint8Array> {
  painter ??= started().catch((error: unknown) => {
    painter = undefined;
    throw error;
  });
  return (await painter).draw(order);
}

/** A picture as the bytes of an SVG file. */
export function svgBytesOf({ spec, data }: Picture): Promise<Uint8Array> {
  return drawn({ spec, data, png: undefined });
}

/** Bytes of one piece of text. */
const PIECE = 1 << 20;

/** A picture as the text of an SVG file, which is put together in slices, since a text from another thread comes at a stretch. */
export async function svgOf(picture: Picture): Promise<string> {
  const bytes = await svgBytesOf(picture);
  const decoder = new TextDecoder();
  let text = "";
  await inSlices(Math.ceil(bytes.length / PIECE), (i) => {
    text += decoder.decode(bytes.subarray(i * PIECE, (i + 1) * PIECE), { stream: true });
  });
  return text + decoder.decode();
}

/** A picture as the bytes of a PNG file. */
export async function pngOf({ spec, data }: Picture): Promise<Uint8Array> {
  const font = {
    loadSystemFonts: false,
    fontFiles: [
      packageFile("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
      packageFile("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"),
    ],
    defaultFontFamily: "DejaVu Sans",
  };
  return drawn({ spec, data, png: { font, scale: SCALE, most: MOST } });
}
