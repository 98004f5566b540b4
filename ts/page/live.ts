// What the live page does: listens to the training's events and draws them as they come.
// A tab that comes late, or was too slow, is given the history again.
import type { Course } from "../src/report/payload.ts";
import type { LiveEnd, LiveEvent, LivePreview, LiveStart } from "../src/ui/messages.ts";
import { CourseChart } from "./chart.ts";
import { byId } from "./dom.ts";
import { short } from "./scale.ts";
import { whenChanged } from "./surface.ts";
import { comparisonOf } from "./views/index.ts";

/** Events that are drawn at most; beyond, every other one is let go. */
const EVENTS = 4000;

const chart = new CourseChart(byId("course"));
const stop = document.getElementById("stop") as HTMLButtonElement | null;
const source = new EventSource(`events${location.search}`);
const title = document.title;

let events: LiveEvent[] = [];
let waiting = false;

/** `1:05`, `2:03:09`. */
function clock(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const number = (value: number) => value.toLocaleString("en-GB");
const shown = (value: number | null | undefined) => (typeof value === "number" ? short(value) : "–");

function say(state: "training" | "ended" | "lost" | "stopping", text: string): void {
  const place = byId("state");
  place.dataset.state = state;
  place.textContent = text;
}

function courseOf(): Course {
  return {
    step: events.map(({ step }) => step),
    loss: events.map(({ loss }) => loss),
    validationLoss: events.map(({ validationLoss }) => validationLoss ?? null),
    learningRate: events.map(({ learningRate }) => learningRate),
  };
}

function draw(): void {
  waiting = false;
  const last = events.at(-1);
  if (last === undefined) return;
  const share = last.steps > 0 ? last.step / last.steps : 0;
  const validation = events.findLast(({ validationLoss }) => typeof validationLoss === "number");
  const texts = {
    step: number(last.step),
    "step-remark": `of ${number(last.steps)}, epoch ${number(last.epoch)}`,
    loss: shown(last.loss),
    "loss-remark": `gradient norm ${shown(last.gradNorm)}`,
    validation: shown(validation?.validationLoss),
    "validation-remark": validation === undefined ? "none so far" : `at step ${number(validation.step)}`,
    rate: shown(last.learningRate),
    speed: shown(last.stepsPerSecond),
    left: clock(last.secondsLeft),
  };
  for (const [id, text] of Object.entries(texts)) byId(id).textContent = text;
  byId("progress").style.width = `${100 * share}%`;
  byId("progress-bar").setAttribute("aria-valuenow", String(Math.round(100 * share)));
  document.title = `${Math.floor(100 * share)} % · ${title}`;
  chart.show(courseOf());
}

/** Draws at the next frame, however many events come until then; a hidden tab has no frames, and draws each second for its title. */
function drawSoon(): void {
  if (waiting) return;
  waiting = true;
  if (document.hidden) setTimeout(draw, 1000);
  else requestAnimationFrame(draw);
}

function listen<Message>(name: string, take: (message: Message) => void): void {
  source.addEventListener(name, (event) => take(JSON.parse(event.data)));
}

listen<LiveStart>("start", ({ history }) => {
  events = [...history];
  say("training", events.length > 0 ? "training" : "waiting for the training to begin");
  drawSoon();
});

listen<LiveEvent>("step", (event) => {
  events.push(event);
  if (events.length > EVENTS)
    events = events.filter(({ validationLoss }, i) => i % 2 === 0 || typeof validationLoss === "number");
  if (byId("state").dataset.state === "training") say("training", "training");
  drawSoon();
});

let redraw = (): void => {};
let watched = false;

listen<LivePreview>("preview", ({ step, views, note }) => {
  const place = byId("preview");
  byId("preview-note").textContent = note ?? `Samples at step ${number(step)}.`;
  if (views === undefined) return;
  const pictures = views.map(comparisonOf);
  place.replaceChildren(...pictures.flatMap(({ elements }) => elements));
  redraw = () => {
    for (const picture of pictures) picture.draw();
  };
  redraw();
  if (!watched) whenChanged([place], () => redraw());
  watched = true;
});

listen<LiveEnd>("end", ({ reason }) => {
  source.close();
  draw();
  say("ended", reason);
  if (stop !== null) stop.disabled = true;
});

source.addEventListener("error", () => {
  if (source.readyState !== EventSource.CLOSED) say("lost", "no connection to the training; trying again");
  else if (byId("state").dataset.state !== "ended") say("lost", "no connection to the training");
});

stop?.addEventListener("click", async () => {
  stop.disabled = true;
  say("stopping", "stopping after this step");
  const { ok } = await fetch(`stop${location.search}`, { method: "POST" }).catch(() => ({ ok: false }));
  if (ok) return;
  stop.disabled = false;
  say("lost", "the training could not be reached");
});
