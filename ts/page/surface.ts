// A canvas that is as sharp as the screen and as wide as its place, in the colours of the page's theme.
// What is drawn on it knows neither sizes of pixels nor colours.
import { html } from "./dom.ts";

/** The colours of the theme, as the style sheet names them. */
export interface Colors {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly data: string;
  readonly samples: string;
}

/** The theme's colours as they are now. */
export function colorsNow(): Colors {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return { ink: of("ink"), muted: of("muted"), line: of("line"), data: of("data"), samples: of("samples") };
}

/** Where to draw: units are CSS pixels. */
export interface Area {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly colors: Colors;
}

/** A canvas and how to draw on it. */
export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #aspect: number;

  /**
   * @param label - what a reader who cannot see it is told
   * @param aspect - its height as a share of its width
   */
  constructor(label: string, aspect: number) {
    this.canvas = html("canvas", { role: "img", "aria-label": label });
    this.canvas.style.aspectRatio = String(1 / aspect);
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("the browser has no canvas");
    this.#context = context;
    this.#aspect = aspect;
  }

  /** Clears it and draws anew. */
  draw(drawing: (area: Area) => void): void {
    const { canvas } = this;
    const width = canvas.clientWidth || 480;
    const height = width * this.#aspect;
    const ratio = Math.max(1, window.devicePixelRatio);
    const size = [Math.round(width * ratio), Math.round(height * ratio)] as const;
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#context.clearRect(0, 0, width, height);
    drawing({ context: this.#context, width, height, colors: colorsNow() });
  }
}

/** Calls `redraw` whenever a canvas changes its size, or the page its colours. */
export function whenChanged(elements: readonly Element[], redraw: () => void): void {
  const observer = new ResizeObserver(redraw);
  for (const element of elements) observer.observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
