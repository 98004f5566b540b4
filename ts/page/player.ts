// Plays a flow: a button, a slider over the model's time, a speed; several pictures follow one clock.
// Whoever asks for less motion gets a still picture of the end, and may play it all the same.
import type { Flow } from "../src/report/payload.ts";
import { html } from "./dom.ts";
import { short } from "./scale.ts";
import { whenChanged } from "./surface.ts";
import { movingOf } from "./views/index.ts";

/** Seconds that a flow takes at speed 1. */
const DURATION = 6;

/** Seconds for which the end stays before it begins again. */
const REST = 1.5;

const SPEEDS = [0.25, 0.5, 1, 2, 4];

/** Steps of the slider per frame. */
const FINE = 10;

/** Whether the reader asked for less motion. */
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Puts a player into its place. */
export function play(flow: Flow, into: HTMLElement): void {
  const last = flow.times.length - 1;
  const pictures = flow.views.map(movingOf);
  const button = html("button", { type: "button", class: "play" });
  const slider = html("input", { type: "range", min: 0, max: last * FINE, step: 1, "aria-label": "time of the flow" });
  const speed = html("select", { "aria-label": "speed" });
  for (const value of SPEEDS) speed.append(html("option", { value, selected: value === 1 }, `${value}×`));
  const clock = html("output", {});
  const ends = html("div", { class: "ends" }, html("span", {}, flow.start), html("span", {}, "samples"));
  const track = html("div", { class: "track" }, slider, ends);
  into.append(
    html("div", { class: "pictures" }, ...pictures.map(({ element }) => element)),
    html("div", { class: "controls" }, button, track, clock, speed),
  );

  let moment = still() ? last : 0;
  let playing = false;
  let before: number | undefined;
  let rested = 0;
  let visible = true;

  const timeOf = (at: number): number => {
    const first = Math.min(Math.floor(at), last);
    const [start, end] = [flow.times[first] as number, flow.times[Math.min(first + 1, last)] as number];
    return start + (end - start) * (at - first);
  };
  const show = () => {
    for (const picture of pictures) picture.draw(moment);
    const text = `t = ${short(Number(timeOf(moment).toFixed(timeOf(moment) < 10 ? 2 : 1)))}`;
    slider.value = String(Math.round(moment * FINE));
    slider.setAttribute("aria-valuetext", text);
    clock.textContent = text;
  };
  const tick = (now: number) => {
    if (!playing) return;
    // A tab that was away goes on where it was.
    const seconds = Math.min(0.1, before === undefined ? 0 : (now - before) / 1000) * Number(speed.value);
    before = now;
    if (visible) {
      if (moment < last) {
        moment = Math.min(last, moment + (seconds * last) / DURATION);
        rested = 0;
        show();
      } else {
        rested += seconds;
        if (rested > REST) moment = 0;
      }
    }
    requestAnimationFrame(tick);
  };
  const set = (now: boolean) => {
    if (now && !playing) {
      if (moment >= last) moment = 0;
      before = undefined;
      requestAnimationFrame(tick);
    }
    playing = now;
    button.textContent = playing ? "Pause" : "Play";
    button.dataset.playing = String(playing);
  };
  button.addEventListener("click", () => set(!playing));
  slider.addEventListener("input", () => {
    set(false);
    moment = Number(slider.value) / FINE;
    show();
  });
  into.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.target !== into) return;
    event.preventDefault();
    set(!playing);
  });
  new IntersectionObserver(([entry]) => {
    visible = entry?.isIntersecting ?? true;
  }).observe(into);
  addEventListener("beforeprint", () => {
    set(false);
    moment = last;
    show();
  });
  whenChanged([into], show);
  set(!still());
  show();
}
