// A server for this machine alone: on the loopback address, for those who know the token, under a name that is its own.
// It answers no page of another origin: there is no CORS, and a name that a stranger's DNS points here is refused.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ConfigError } from "../errors.js";

const ADDRESS = "127.0.0.1";

/** Milliseconds that connections have to take their last message. */
const PATIENCE = 1000;

/** What answers a request; where it is a promise that rejects, the answer is 500. */
export type Route = (response: ServerResponse) => unknown;

/** Routes by method and path. */
export type Routes = Readonly<Record<`${"GET" | "POST"} /${string}`, Route>>;

/** What the paths of requests are relative to. */
const BASE = "http://localhost";

/** Says why there is no other answer. */
const refusal =
  (status: number, text: string): Route =>
  (response) => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
  };

const digest = (text: string) => createHash("sha256").update(text, "utf8").digest();

/** Whether two texts are equal, in a time that does not tell where they differ. */
const equal = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

/** A server and how to reach it. */
export class LocalServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #token = randomBytes(24).toString("base64url");
  readonly #routes: Routes;
  readonly #headers: Readonly<Record<string, string>>;
  #port = 0;

  /**
   * @param headers - that every answer has
   */
  constructor(routes: Routes, headers: Readonly<Record<string, string>>) {
    this.#routes = routes;
    this.#headers = headers;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on("connection", (socket) => {
      // An open tab must not keep a program alive that is done.
      socket.unref();
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /**
   * Begins to listen; 0 is any free port.
   *
   * @throws ConfigError where the port cannot be had
   */
  async listen(port: number): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen({ host: ADDRESS, port, exclusive: true }, () => resolve());
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const [expected, got] = ["a port that is free, or 0 for any", `${port} (${reason})`];
      throw new ConfigError(`port: expected ${expected}, got ${got}`, { expected, got, path: "port", cause });
    }
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#server.unref();
    this.#server.on("error", (error) => process.emitWarning(`the live page: ${error.message}`, "ThalwegWarning"));
  }

  /** The page's address, with its token. */
  get url(): string {
    return `http://${ADDRESS}:${this.#port}/?token=${this.#token}`;
  }

  /** What answers a request: a route, or why there is none. */
  #route({ headers, url = "/", method }: IncomingMessage): Route {
    const hosts = [`${ADDRESS}:${this.#port}`, `localhost:${this.#port}`];
    if (!hosts.includes(headers.host ?? "")) return refusal(403, "this server has another name");
    if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`)
      return refusal(403, "requests come from its own page alone");
    const { pathname, searchParams } = URL.canParse(url, BASE) ? new URL(url, BASE) : new URL(BASE);
    if (!equal(searchParams.get("token") ?? "", this.#token))
      return refusal(403, "the address needs its token: open it as the program printed it");
    const own = this.#routes[`${method} ${pathname}` as keyof Routes];
    if (own !== undefined) return own;
    const isKnown = Object.keys(this.#routes).some((route) => route.endsWith(` ${pathname}`));
    return isKnown ? refusal(405, "not in this way") : refusal(404, "there is no such page");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(this.#headers)) response.setHeader(name, value);
    // What a request brings is not read, and a connection that breaks is no matter.
    request.resume();
    response.on("error", () => undefined);
    try {
      await this.#route(request)(response);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.emitWarning(`the live page: ${reason}`, "ThalwegWarning");
      if (response.headersSent) response.end();
      else refusal(500, reason)(response);
    }
  }

  /** Ends; connections have a moment to take what was sent to them. */
  async close(): Promise<void> {
    this.#server.ref();
    for (const socket of this.#sockets) socket.ref();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), PATIENCE);
    await closed;
    clearTimeout(timer);
  }
}
