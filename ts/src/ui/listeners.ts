// The tabs that listen: server-sent events to each, and none of them holds up the others or the training.
// One that reads too slowly misses messages, and is given the history once it has caught up.
import type { ServerResponse } from "node:http";
import type { Messages } from "./messages.js";

/** Bytes that may wait for a tab. */
const WAITING = 1 << 20;

/** A message as the stream has it. */
function framed<Name extends keyof Messages>(name: Name, message: Messages[Name]): string {
  return `event: ${name}\ndata: ${JSON.stringify(message)}\n\n`;
}

/** A tab. */
class Listener {
  readonly #response: ServerResponse;
  readonly #catchUp: () => string;
  #missed = false;

  constructor(response: ServerResponse, catchUp: () => string) {
    this.#response = response;
    this.#catchUp = catchUp;
    response.on("drain", () => {
      if (!this.#missed) return;
      this.#missed = false;
      response.write(this.#catchUp());
    });
  }

  send(text: string): void {
    if (this.#response.writableLength > WAITING) this.#missed = true;
    else this.#response.write(text);
  }

  end(text: string): void {
    this.#response.end(text);
  }
}

/** All tabs. */
export class Listeners {
  readonly #all = new Set<Listener>();
  readonly #catchUp: () => string;

  /** @param state - what a tab must be told that knows nothing */
  constructor(state: () => readonly { readonly [Name in keyof Messages]?: Messages[Name] }[]) {
    this.#catchUp = () =>
      state()
        .flatMap((messages) => Object.entries(messages))
        .map(([name, message]) => framed(name as keyof Messages, message))
        .join("");
  }

  /** How many there are. */
  get count(): number {
    return this.#all.size;
  }

  /** Takes in a tab, and tells it what was. */
  add(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    const listener = new Listener(response, this.#catchUp);
    this.#all.add(listener);
    response.on("close", () => this.#all.delete(listener));
    // A tab whose connection breaks tries again after two seconds.
    listener.send(`retry: 2000\n${this.#catchUp()}`);
  }

  send<Name extends keyof Messages>(name: Name, message: Messages[Name]): void {
    if (this.#all.size === 0) return;
    const text = framed(name, message);
    for (const listener of this.#all) listener.send(text);
  }

  /** The last message to all. */
  end(message: Messages["end"]): void {
    const text = framed("end", message);
    for (const listener of this.#all) listener.end(text);
  }
}
