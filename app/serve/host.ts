// The endpoint on a host: the service with what surrounds it, served until it is asked to end.

import { type ForecastService, forecastService, type Upstream } from "walrus/serve";
import type { Context } from "../cli.ts";
import { Decoder } from "./decoder.ts";
import { jsonLog, type Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { servedData, servedModels } from "./served.ts";
import { parseTokens, type ServeSettings } from "./settings.ts";
import { hostTelemetry } from "./telemetry.ts";
import { Writer } from "./writer.ts";

/** Seconds that connections have to close once all requests are answered. */
const CLOSING = 2;

async function upstreamOf({ upstream }: ServeSettings): Promise<Upstream | null> {
  if (!upstream) return null;
  const { url, models, token_file, attempts, backoff, silence } = upstream;
  const token = token_file === null ? null : (await Deno.readTextFile(token_file)).trim();
  if (token !== null && !/^\S+$/.test(token)) {
    throw new SyntaxError(`Cannot read the token of "${token_file}": wanted one word without spaces`);
  }
  return {
    url,
    attempts,
    backoff,
    ...(models === null ? {} : { models }),
    ...(token === null ? {} : { token }),
    ...(silence === null ? {} : { silence }),
  };
}

/** How serving ended. */
export interface Ended {
  /** Whether every request that was accepted was answered. */
  readonly clean: boolean;
}

/** Resolves after some seconds, or once a promise has. @returns whether the promise was first */
async function within(seconds: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), seconds * 1000);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejections that nobody waits for are faults, which are told: they do not take the requests of others with them. */
function unheard(onFault: (error: unknown) => void): Disposable {
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    onFault(event.reason);
  };
  addEventListener("unhandledrejection", listener);
  return { [Symbol.dispose]: () => removeEventListener("unhandledrejection", listener) };
}

/** Begins to listen. @throws Error that names the address where it is taken, or not this machine's */
function listen(
  { host, port }: ServeSettings["listen"],
  signal: AbortSignal,
  handler: (request: Request) => Promise<Response>,
  { onError, onListen }: { onError: (error: unknown) => void; onListen: (url: string) => void },
): Deno.HttpServer {
  try {
    return Deno.serve({
      hostname: host,
      port,
      signal,
      onListen: ({ hostname, port }) =>
        onListen(`http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}/`),
      onError: (error) => {
        onError(error);
        return new Response(null, { status: 500 });
      },
    }, handler);
  } catch (error) {
    throw new Error(
      `Cannot listen at ${host}, port ${port}: ${error instanceof Error ? error.message : error}`,
      {
        cause: error,
      },
    );
  }
}

/** Ends: nothing more is accepted, what was has its time, what is left is cut. */
async function drain(
  service: ForecastService,
  server: Deno.HttpServer,
  grace: number,
  log: Log,
): Promise<Ended> {
  const { running, waiting } = service.state;
  log("info", "draining", { running, waiting, grace });
  const began = performance.now();
  const left = () => grace - (performance.now() - began) / 1000;
  const answered = await within(grace, service.drain());
  // The bytes of the last answers may still be on their way.
  const clean = answered && await within(Math.max(CLOSING, left()), server.shutdown());
  const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
  if (clean) log("info", "ended", { seconds });
  else log("error", "ended", { seconds, running: service.state.running, waiting: service.state.waiting });
  return { clean };
}

/**
 * Serves until the context's signal fires, then until what was accepted is answered or the time for that is over.
 *
 * @param settings the complete configuration
 * @param context around the command
 * @throws Error for a network that can not be opened, or an address that can not be listened at
 */
export async function host(settings: ServeSettings, context: Context): Promise<Ended> {
  const log = settings.log === "json" ? jsonLog(context.print) : () => {};
  await using ending = new AsyncDisposableStack();
  const upstream = await upstreamOf(settings);
  const tokens = typeof settings.tokens === "string"
    ? parseTokens(await Deno.readTextFile(settings.tokens), settings.tokens)
    : settings.tokens;
  const names = [...Object.keys(settings.models), ...settings.upstream?.models ?? []];
  const metrics = ending.use(new Metrics(names, { ...settings.limits }));
  const telemetry = hostTelemetry(metrics, log);
  ending.use(unheard((error) => telemetry.fault?.(error, "unhandled")));
  const decoder = ending.use(new Decoder((error) => telemetry.fault?.(error, "decoder")));
  const writer = ending.use(new Writer());
  const datasets = ending.use(servedData(settings, context, log));
  const models = ending.use(await servedModels(settings, context, log));
  const service = ending.use(forecastService({
    models: models.served,
    datasets: datasets.served,
    limits: settings.limits,
    tokens,
    origins: settings.origins,
    telemetry,
    readForecast: decoder.read,
    writeAnswer: writer.write,
    ...(upstream ? { upstream } : {}),
  }));
  const stop = new AbortController();
  const server = listen(settings.listen, stop.signal, (request) => service.fetch(request), {
    onError: (error) => telemetry.fault?.(error, "connection"),
    onListen: (url) => {
      log("info", "listening", { url, models: names, pid: Deno.pid });
      context.warn(`${url} forecasts; Ctrl-C ends`);
    },
  });
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  if (context.signal.aborted) resolve();
  else context.signal.addEventListener("abort", () => resolve(), { once: true });
  await asked;
  const ended = await drain(service, server, settings.grace, log);
  // What is left is cut; a server that has ended can not be.
  if (!ended.clean) stop.abort();
  return ended;
}
