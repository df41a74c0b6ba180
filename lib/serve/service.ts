// Forecasts over HTTP: one handler for hosts, edges and pages. What it knows of HTTP is here and in the routes; it reads
// no file, opens no URL and starts no worker but through what its options give.

import type { WriteAnswer } from "./answer/whole.ts";
import { DatasetPool, type ServedDataset } from "./datasets.ts";
import type { Upstream } from "./forward.ts";
import { HeldBytes } from "./held.ts";
import { LIMITS, type Limits, SHARED_LIMITS } from "./limits.ts";
import { ModelPool, type ServedModel } from "./models.ts";
import type { Parts, ReadForecast } from "./parts.ts";
import { FairQueue } from "./queue.ts";
import { Refusal } from "./refusal.ts";
import { Ending } from "./signals.ts";
import { routesOf } from "./routes.ts";
import type { ServiceState, Telemetry } from "./telemetry.ts";
import { type Token, tokenFinder } from "./tokens.ts";

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
  /** Writes answers in HDF5 and npz elsewhere than on this thread: in a worker, with {@link writeAnswer}. */
  readonly writeAnswer?: WriteAnswer;
}

/** A service. `export default` of it is what `deno serve` and edge runtimes run. */
export interface ForecastService extends AsyncDisposable {
  /** Answers a request. */
  fetch(request: Request, ...platform: unknown[]): Promise<Response>;
  /** Takes no more forecasts; resolves when those it has taken are answered. */
  drain(): Promise<void>;
  /** What there is now. */
  readonly state: ServiceState;
}

/** Reads bodies on this thread; readers of files are loaded with the first. */
const readHere: ReadForecast = async (body, mediaType, query, limits, signal) => {
  const { readForecast } = await import("./window/read_window.ts");
  return await readForecast(body, mediaType, query, limits, signal);
};

/** Refuses limits that are none, and of a token those that are the service's. */
function checkLimits(limits: Readonly<Partial<Record<string, number>>>, token?: string): void {
  const whose = token === undefined ? "The limits of the service" : `The limits of token "${token}"`;
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(LIMITS, name)) {
      throw new RangeError(`${whose} name "${name}", there are ${Object.keys(LIMITS).join(", ")}`);
    }
    if (!(value! > 0)) throw new RangeError(`${whose} say ${name}: ${value}, wanted a number above 0`);
    if (token !== undefined && SHARED_LIMITS.includes(name as keyof Limits)) {
      throw new RangeError(
        `${whose} name "${name}", which all tokens share: wanted it in those of the service`,
      );
    }
  }
}

/** Counts forecasts that are under way. A promise is made once somebody waits: edge runtimes keep those of requests apart. */
class Active {
  #count = 0;
  #idle: PromiseWithResolvers<void> | null = null;

  enter(): () => void {
    this.#count++;
    return () => {
      if (--this.#count > 0) return;
      this.#idle?.resolve();
      this.#idle = null;
    };
  }

  async ended(): Promise<void> {
    while (this.#count > 0) await (this.#idle ??= Promise.withResolvers()).promise;
  }
}

/**
 * Makes a service of networks and data.
 *
 * @param options what it offers, how it is bounded
 * @throws RangeError for limits and tokens that are none
 */
export function forecastService(options: ServiceOptions): ForecastService {
  const limits: Limits = { ...LIMITS, ...options.limits };
  checkLimits(options.limits ?? {});
  for (const { name, limits = {} } of options.tokens ?? []) checkLimits(limits, name);
  if (Object.keys(options.models).length === 0 && !options.upstream) {
    throw new RangeError("A service has no models and no upstream, wanted one of them");
  }
  const telemetry = options.telemetry ?? {};
  const ending = new Ending();
  const active = new Active();
  let draining = false;
  const { models: served, datasets = {}, tokens = [], origins = [] } = options;
  const parts: Parts = {
    served: { models: served, datasets },
    limits,
    telemetry,
    upstream: options.upstream ?? null,
    models: new ModelPool(served, limits.memory, telemetry),
    datasets: new DatasetPool(datasets),
    queue: new FairQueue(limits),
    passages: new FairQueue({ running: limits.running + limits.waiting, waiting: 0 }),
    readForecast: options.readForecast ?? readHere,
    writeAnswer: options.writeAnswer ?? null,
    held: new HeldBytes(limits.held),
    wantsToken: tokens.length > 0,
    who: tokenFinder(tokens),
    ending,
    isDraining: () => draining,
    state: () => ({
      running: parts.queue.running,
      waiting: parts.queue.waiting,
      models: parts.models.loaded,
      draining,
    }),
    enter: () => active.enter(),
  };
  const app = routesOf(parts, origins);
  const drain = async () => {
    draining = true;
    await active.ended();
  };
  return {
    fetch: async (request, env, context) =>
      await app.fetch(request, env as object, context as Parameters<typeof app.fetch>[2]),
    drain,
    get state() {
      return parts.state();
    },
    async [Symbol.asyncDispose]() {
      draining = true;
      ending.end(new Refusal("draining", "The service ended", 1));
      await active.ended();
      parts.models[Symbol.dispose]();
      parts.datasets[Symbol.dispose]();
    },
  };
}
