// Paths and methods of a service: what is small is answered here.

import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { datasetsAbout, ModelsAbout } from "./about.ts";
import { DEADLINE } from "./deadline.ts";
import { ID_HEADER, problemResponse, refusalOf } from "./errors.ts";
import { Exchange, LEFT_STATUS } from "./exchange.ts";
import { forecastRoute } from "./forecast_route.ts";
import type { Parts } from "./parts.ts";
import { Refusal } from "./refusal.ts";

/** What Hono keeps of a request. */
type Env = { Variables: { exchange: Exchange } };

/** A method that a path does not have. */
class WrongMethod extends Refusal {
  readonly allow: string;

  constructor(method: string, path: string, allow: string) {
    super("method", `${path} was asked with ${method}, wanted ${allow}`);
    this.allow = allow;
  }
}

/** The answer to what could not be answered. */
function failed(error: unknown, exchange: Exchange): Response {
  if (exchange.left(error)) {
    exchange.finish(LEFT_STATUS);
    return new Response(null, { status: LEFT_STATUS });
  }
  const refusal = refusalOf(error);
  if (exchange.reason === null) exchange.failed(refusal);
  exchange.finish(refusal.status);
  return problemResponse(refusal, exchange.id, error instanceof WrongMethod ? error.allow : undefined);
}

type Get = (request: Request) => Promise<Response> | Response;

/** What is asked with GET. */
function gets(parts: Parts): Readonly<Record<string, Get>> {
  const { served, models, datasets, telemetry, upstream } = parts;
  const about = new ModelsAbout(served.models, models);
  const page = async () => (await import("./page/page.ts")).pageResponse(parts.wantsToken);
  /** Only for those who may forecast. */
  const known = (get: Get): Get => async (request) => {
    await parts.who(request.headers.get("authorization"));
    return await get(request);
  };
  return {
    "/": page,
    "/docs": page,
    "/openapi.json": async () => {
      const { openApiDocument } = await import("./openapi/document.ts");
      return Response.json(openApiDocument({ tokens: parts.wantsToken, datasets: datasets.names }));
    },
    "/healthz": () => Response.json({ status: "ok" }),
    "/readyz": () => {
      if (parts.isDraining()) throw new Refusal("draining", "The service is about to end", 1);
      return Response.json({ status: "ready" });
    },
    "/v1/models": known(() => Response.json({ models: about.list(), upstream: upstream?.models ?? [] })),
    "/v1/datasets": known(async () =>
      Response.json({ datasets: await datasetsAbout(served.datasets, datasets) })
    ),
    "/metrics": async () => {
      const metrics = await telemetry.metrics?.(parts.state());
      if (!metrics) throw new Refusal("not_found", "This service keeps no metrics");
      return new Response(metrics.body, { headers: { "content-type": metrics.type } });
    },
  };
}

/** Lets pages of other origins ask. */
function crossOrigin(origins: readonly string[]) {
  return cors({
    origin: origins.includes("*") ? "*" : [...origins],
    allowMethods: ["GET", "POST"],
    allowHeaders: ["accept", "authorization", "content-encoding", "content-type", ID_HEADER, DEADLINE],
    exposeHeaders: [ID_HEADER, "retry-after"],
    maxAge: 600,
  });
}

/**
 * What a forecast has of a service in a runtime that drops the work for a client that has left: it is kept until what it
 * took is given back, or nobody would have its place again.
 */
function kept(parts: Parts, context: Context<Env>): Parts {
  let platform: { waitUntil?(work: Promise<unknown>): void };
  try {
    platform = context.executionCtx;
  } catch {
    // Hosts have none.
    return parts;
  }
  const enter = () => {
    const leave = parts.enter();
    const { promise, resolve } = Promise.withResolvers<void>();
    platform.waitUntil?.(promise);
    return () => {
      leave();
      resolve();
    };
  };
  return { ...parts, enter };
}

/**
 * The routes of a service.
 *
 * @param parts that they share
 * @param origins whose pages may ask
 */
export function routesOf(parts: Parts, origins: readonly string[]): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    const exchange = new Exchange(context.req.raw, "other", parts.telemetry);
    context.set("exchange", exchange);
    await next();
    context.res.headers.set(ID_HEADER, exchange.id);
    if (context.req.method === "OPTIONS") exchange.finish(context.res.status);
  });
  if (origins.length > 0) app.use(crossOrigin(origins));
  const route = (
    path: string,
    allow: string,
    answer: (context: Context<Env>, exchange: Exchange) => Promise<Response>,
  ) =>
    app.all(path, async (context) => {
      const exchange = context.get("exchange");
      exchange.route = path;
      const { method } = context.req;
      if (method !== allow && !(method === "HEAD" && allow === "GET")) {
        throw new WrongMethod(method, path, allow);
      }
      return await answer(context, exchange);
    });
  for (const [path, get] of Object.entries(gets(parts))) {
    route(path, "GET", async ({ req }, exchange) => {
      const response = await get(req.raw);
      exchange.finish(response.status);
      return response;
    });
  }
  for (const path of ["/v1/forecast", "/v1/ensemble"]) {
    route(
      path,
      "POST",
      (context, exchange) =>
        forecastRoute(kept(parts, context), context.req.raw, exchange, path === "/v1/ensemble"),
    );
  }
  app.notFound(({ req }) => {
    const path = req.path.slice(0, 100);
    throw new Refusal("not_found", `There is nothing at ${path}; /openapi.json tells what there is`);
  });
  app.onError((error, context) => failed(error, context.get("exchange")));
  return app;
}
