// The frame of a picture with two axes on a canvas: grid, marks, names; what is inside is drawn by others.
// Gives the functions that place values within it.
import { place, type Range, short, ticks } from "./scale.ts";
import type { Area } from "./surface.ts";

/** Axes and their names. */
export interface Axes {
  readonly x: Range;
  readonly y: Range;
  readonly names: readonly [x: string, y: string];
}

/** How values are placed within a frame. */
export interface Places {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

const MARGIN = { left: 46, right: 10, top: 10, bottom: 38 };

/** A name, cut where it is too long for its axis. */
function fitted(context: CanvasRenderingContext2D, name: string, width: number): string {
  if (context.measureText(name).width <= width) return name;
  let length = name.length;
  while (length > 1 && context.measureText(`${name.slice(0, length)}…`).width > width) length -= 1;
  return `${name.slice(0, length)}…`;
}

/** Draws a frame and, clipped to it, what is inside. */
export function framed(area: Area, axes: Axes, inside: (places: Places) => void): void {
  const { context, width, height, colors } = area;
  const [left, top] = [MARGIN.left, MARGIN.top];
  const [wide, tall] = [width - left - MARGIN.right, height - top - MARGIN.bottom];
  const places: Places = {
    x: (value) => left + place(value, axes.x, wide),
    y: (value) => top + tall - place(value, axes.y, tall),
  };
  context.font = "11px system-ui, sans-serif";
  context.lineWidth = 1;
  context.strokeStyle = colors.line;
  context.fillStyle = colors.muted;
  context.beginPath();
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const tick of ticks(axes.x, wide / 80)) {
    const x = Math.round(places.x(tick)) + 0.5;
    context.moveTo(x, top);
    context.lineTo(x, top + tall);
    context.fillText(short(tick), x, top + tall + 5);
  }
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const tick of ticks(axes.y, tall / 60)) {
    const y = Math.round(places.y(tick)) + 0.5;
    context.moveTo(left, y);
    context.lineTo(left + wide, y);
    context.fillText(short(tick), left - 6, y);
  }
  context.rect(left + 0.5, top + 0.5, wide - 1, tall - 1);
  context.stroke();
  context.textAlign = "center";
  context.textBaseline = "bottom";
  context.fillText(fitted(context, axes.names[0], wide), left + wide / 2, height - 2);
  context.save();
  context.translate(11, top + tall / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(fitted(context, axes.names[1], tall), 0, 4);
  context.restore();
  context.save();
  context.beginPath();
  context.rect(left, top, wide, tall);
  context.clip();
  inside(places);
  context.restore();
}
