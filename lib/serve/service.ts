// Forecasts over HTTP: one handler for hosts, edges and pages. What it knows of HTTP is here and in the routes; it reads
// no file, opens no URL and starts no worker but through what its options give.

import { Hono } from "hono";
import { cors } from "hono/cors";
import { datasetsAbout, ModelsAbout } from "./about.ts";
import { DatasetPool, type ServedDataset } from "./datasets.ts";
import { DEADLINE } from "./deadline.ts";
import { ID_HEADER, problemResponse, refusalOf } from "./errors.ts";
import { Exchange, LEFT_STATUS } from "./exchange.ts";
import { forecastRoute } from "./forecast_route.ts";
import type { Upstream } from "./forward.ts";
import { HeldBytes } from "./held.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { ModelPool, type ServedModel } from "./models.ts";
import { FairQueue } from "./queue.ts";
import { Refusal } from "./refusal.ts";
import type { ServiceState, Telemetry } from "./telemetry.ts";
import { type Token, tokenFinder } from "./tokens.ts";
import type { ForecastRequest } from "./window/read_window.ts";

/** What a service offers, and how it is bounded. */
export interface ServiceOptions {
  /** Networks by name; the first is the one that requests mean that name none. */
  readonly models: Readonly<Record<string, ServedModel>>;
  /** Data that requests may name windows of. */
  readonly datasets?: Readonly<Record<string, ServedDataset>>;
  /** Limits that differ from {@link LIMITS}. */
  readonly limits?: Partial<Limits>;
  /** Who may ask; everybody unless given. */
  readonly tokens?: readonly Token[];
  /** Origins whose pages may ask (CORS): `https://lab.example`, or `*`; none unless given. */
  readonly origins?: readonly string[];
  /** Takes what the service tells. */
  readonly telemetry?: Telemetry;
  /** Another endpoint, for networks that are not here. */
  readonly upstream?: Upstream;
  /** Decodes bodies, which strangers sent, elsewhere than on this thread: in a worker, with {@link readForecast}. */
  readonly readForecast?: ReadForecast;
}

/**
 * Reads the body of a request, which it may take away.
 *
 * @param body decompressed
 * @param mediaType of the header `content-type`; empty where there is none
 * @param query with its question mark, or empty
 * @param limits of the request
 * @param signal gives it up
 * @throws Refusal that says what is wrong
 */
export type ReadForecast = (
  body: Uint8Array,
  mediaType: string,
  query: string,
  limits: Limits,
  signal: AbortSignal,
) => Promise<ForecastRequest>;

/** A service. `export default` of it is what `deno serve` and edge runtimes run. */
export interface ForecastService extends AsyncDisposable {
  /** Answers a request. */
  fetch(request: Request, ...platform: unknown[]): Promise<Response>;
  /** Takes no more forecasts; resolves when those it has taken are answered. */
  drain(): Promise<void>;
  /** What there is now. */
  readonly state: ServiceState;
}

/** What routes have of a service. */
export interface Parts {
  readonly limits: Limits;
  readonly telemetry: Telemetry;
  readonly upstream: Upstream | null;
  readonly models: ModelPool;
  readonly datasets: DatasetPool;
  readonly queue: FairQueue;
  readonly readForecast: ReadForecast;
  readonly held: HeldBytes;
  readonly who: ReturnType<typeof tokenFinder>;
  /** Fires when the service ends. */
  readonly ending: AbortSignal;
  readonly isDraining: () => boolean;
  /** A forecast begins; gives what is called when it is over. */
  readonly enter: () => () => void;
}

/** Reads bodies on this thread; readers of files are loaded with the first. */
const readHere: ReadForecast = async (body, mediaType, query, limits, signal) => {
  const { readForecast } = await import("./window/read_window.ts");
  return await readForecast(body, mediaType, query, limits, signal);
};

type Env = { Variables: { exchange: Exchange } };

/** Refuses limits that are none. */
function checkLimits(limits: Readonly<Partial<Record<string, number>>>, whose: string): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(LIMITS, name)) {
      throw new RangeError(`${whose} name "${name}", there are ${Object.keys(LIMITS).join(", ")}`);
    }
    if (!(value! > 0)) throw new RangeError(`${whose} say ${name}: ${value}, wanted a number above 0`);
  }
}

/** Counts forecasts that are under way. */
class Active {
  #count = 0;
  #idle = Promise.withResolvers<void>();

  enter(): () => void {
    this.#count++;
    return () => {
      if (--this.#count > 0) return;
      this.#idle.resolve();
      this.#idle = Promise.withResolvers();
    };
  }

  async ended(): Promise<void> {
    while (this.#count > 0) await this.#idle.promise;
  }
}

function routesOf(parts: Parts, options: ServiceOptions, state: () => ServiceState): Hono<Env> {
  const { telemetry, models, datasets } = parts;
  const app = new Hono<Env>();
  const about = new ModelsAbout(options.models, models);
  app.use(async (context, next) => {
    context.set("exchange", new Exchange(context.req.raw, "other", telemetry));
    await next();
    const { id } = context.get("exchange");
    context.res.headers.set(ID_HEADER, id);
  });
  if (options.origins && options.origins.length > 0) {
    const origins = [...options.origins];
    app.use(cors({
      origin: origins.includes("*") ? "*" : origins,
      allowMethods: ["GET", "POST"],
      allowHeaders: ["authorization", "content-type", "content-encoding", "accept", ID_HEADER, DEADLINE],
      exposeHeaders: [ID_HEADER, "retry-after"],
      maxAge: 600,
    }));
  }
  const known = async (request: Request) => void await parts.who(request.headers.get("authorization"));
  const page = async () => (await import("./page/page.ts")).pageResponse((options.tokens ?? []).length > 0);
  const gets: Record<string, (request: Request) => Promise<Response> | Response> = {
    "/healthz": () => Response.json({ status: "ok" }),
    "/readyz": () => {
      if (parts.isDraining()) throw new Refusal("draining", "The service is about to end", 1);
      return Response.json({ status: "ready" });
    },
    "/v1/models": async (request) => {
      await known(request);
      return Response.json({ models: about.list(), upstream: options.upstream?.models ?? [] });
    },
    "/v1/datasets": async (request) => {
      await known(request);
      return Response.json({ datasets: await datasetsAbout(options.datasets ?? {}, datasets) });
    },
    "/openapi.json": async () => {
      const { openApiDocument } = await import("./openapi/document.ts");
      return Response.json(
        openApiDocument({ tokens: (options.tokens ?? []).length > 0, datasets: datasets.names }),
      );
    },
    "/": page,
    "/docs": page,
    "/metrics": async () => {
      const metrics = await telemetry.metrics?.(state());
      if (!metrics) throw new Refusal("not_found", "This service keeps no metrics");
      return new Response(metrics.body, { headers: { "content-type": metrics.type } });
    },
  };
  for (const [path, get] of Object.entries(gets)) {
    app.all(path, async ({ req, get: variable }) => {
      const exchange = variable("exchange");
      exchange.route = path;
      if (!["GET", "HEAD"].includes(req.method)) throw wrongMethod(req.method, path, "GET");
      const response = await get(req.raw);
      exchange.finish(response.status);
      return response;
    });
  }
  app.all("/v1/forecast", async ({ req, get }) => {
    const exchange = get("exchange");
    exchange.route = "/v1/forecast";
    if (req.method !== "POST") throw wrongMethod(req.method, "/v1/forecast", "POST");
    return await forecastRoute(parts, req.raw, exchange);
  });
  app.notFound(({ req }) => {
    throw new Refusal(
      "not_found",
      `There is nothing at ${req.path.slice(0, 100)}; /openapi.json tells what there is`,
    );
  });
  app.onError((error, { get }) => {
    const exchange = get("exchange");
    const refusal = refusalOf(error);
    if (exchange.left(error)) {
      exchange.finish(LEFT_STATUS);
      return new Response(null, { status: LEFT_STATUS });
    }
    if (exchange.reason === null) exchange.failed(refusal);
    exchange.finish(refusal.status);
    return problemResponse(refusal, exchange.id, error instanceof WrongMethod ? error.allow : undefined);
  });
  return app;
}

/** A method that a path does not have. */
class WrongMethod extends Refusal {
  readonly allow: string;

  constructor(message: string, allow: string) {
    super("method", message);
    this.allow = allow;
  }
}

function wrongMethod(method: string, path: string, wanted: string): Refusal {
  return new WrongMethod(`${path} was asked with ${method}, wanted ${wanted}`, wanted);
}

/**
 * Makes a service of networks and data.
 *
 * @param options what it offers, how it is bounded
 * @throws RangeError for limits and tokens that are none
 */
export function forecastService(options: ServiceOptions): ForecastService {
  const limits: Limits = { ...LIMITS, ...options.limits };
  checkLimits(options.limits ?? {}, "The limits of the service");
  for (const token of options.tokens ?? []) {
    checkLimits(token.limits ?? {}, `The limits of token "${token.name}"`);
  }
  if (Object.keys(options.models).length === 0 && !options.upstream) {
    throw new RangeError("A service has no models and no upstream, wanted one of them");
  }
  const telemetry = options.telemetry ?? {};
  const ending = new AbortController();
  const active = new Active();
  let draining = false;
  const parts: Parts = {
    limits,
    telemetry,
    upstream: options.upstream ?? null,
    models: new ModelPool(options.models, limits.memory, telemetry),
    datasets: new DatasetPool(options.datasets ?? {}),
    queue: new FairQueue(limits),
    readForecast: options.readForecast ?? readHere,
    held: new HeldBytes(limits.held),
    who: tokenFinder(options.tokens ?? []),
    ending: ending.signal,
    isDraining: () => draining,
    enter: () => active.enter(),
  };
  const state = (): ServiceState => ({
    running: parts.queue.running,
    waiting: parts.queue.waiting,
    models: parts.models.loaded,
    draining,
  });
  const app = routesOf(parts, options, state);
  const drain = async () => {
    draining = true;
    await active.ended();
  };
  return {
    fetch: async (request) => await app.fetch(request),
    drain,
    get state() {
      return state();
    },
    async [Symbol.asyncDispose]() {
      draining = true;
      ending.abort(new Refusal("draining", "The service ended", 1));
      await active.ended();
      parts.models[Symbol.dispose]();
      parts.datasets[Symbol.dispose]();
    },
  };
}
