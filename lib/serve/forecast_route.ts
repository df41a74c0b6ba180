// `POST /v1/forecast` and `POST /v1/ensemble`: who asks, what is asked, whether it can be, then its turn; frames are computed as the answer is
// read. Whatever ends it, its place and what it holds are given back at once.

import type { Sample } from "../data/dataset.ts";
import type { Frame } from "../forecast/frame.ts";
import { summaryStart } from "../forecast/summary_fields.ts";
import { answerOf, type AnswerOptions, checkAnswer } from "./answer/answer_of.ts";
import { type AnswerFormat, chooseAnswer } from "./answer/format.ts";
import { readBody } from "./body.ts";
import { problemOf, refusalOf, unfitOf } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { checkFit, forecastFrames, type ForecastTask, type RolloutChoices } from "./forecast.ts";
import { forward } from "./forward.ts";
import { guarded } from "./guard.ts";
import type { Holding } from "./held.ts";
import type { Limits } from "./limits.ts";
import type { Parts } from "./parts.ts";
import { Refusal } from "./refusal.ts";
import { requestSignal, untilAborted } from "./signals.ts";
import type { ForecastOptions } from "./window/options.ts";
import type { ForecastRequest } from "./window/read_window.ts";

/** Members of an ensemble that says no number. */
const USUAL_MEMBERS = 8;

/** What of a request is given back when it is over. */
interface Course {
  readonly request: Request;
  readonly exchange: Exchange;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** Ends it. */
  readonly abort: (reason: unknown) => void;
  readonly seconds: number;
  readonly owned: DisposableStack;
  /** Whether an ensemble is asked for. */
  readonly isEnsemble: boolean;
}

/** The other endpoint's answer. */
async function passOn(parts: Parts, course: Course, body?: Uint8Array): Promise<Response> {
  const { request, exchange, limits, signal, seconds, owned } = course;
  owned.use(await parts.passages.take(exchange.token, limits.perToken, signal));
  const holding = owned.use(parts.held.open());
  const answer = await exchange.phase("compute", () =>
    forward(request, parts.upstream!, {
      id: exchange.id,
      seconds,
      signal,
      ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
      onRetry: (why, attempt) => parts.telemetry.retry?.(why, attempt, exchange.id),
      keep: (bytes) => {
        try {
          holding.add(bytes);
          return true;
        } catch {
          return false;
        }
      },
    }));
  return answered(course, answer.status, answer.headers, answer.body ?? new Uint8Array(0));
}

/** A response that gives back what the request holds when it was read. */
function answered(
  { exchange, limits, signal, abort, owned }: Course,
  status: number,
  headers: HeadersInit,
  body: Uint8Array | ReadableStream<Uint8Array>,
): Response {
  const began = performance.now();
  const before = exchange.seconds("compute");
  const guardedBody = guarded(body, {
    stall: limits.stall,
    signal,
    onEnd: (bytes, error) => {
      exchange.bytesOut = bytes;
      const computed = exchange.seconds("compute") - before;
      exchange.took("write", Math.max(0, (performance.now() - began) / 1000 - computed));
      if (error !== null) {
        if (!exchange.left(error) && exchange.reason === null) exchange.failed(refusalOf(error, signal));
        abort(error);
      }
      owned.dispose();
      exchange.finish(status);
    },
  });
  return new Response(guardedBody, { status, headers });
}

/** Frames with their times told, errors as refusals. */
async function* told(
  frames: AsyncIterator<Frame>,
  { exchange, signal }: Course,
  parts: Parts,
  place: Disposable,
): AsyncGenerator<Frame, void, void> {
  // From the first frame to the last, with the reader's pauses in between.
  const over = Promise.withResolvers<void>();
  const spanned = exchange.span("compute", () => over.promise);
  try {
    for (;;) {
      const began = performance.now();
      const { done, value } = await frames.next();
      const seconds = (performance.now() - began) / 1000;
      exchange.took("compute", seconds);
      if (done) return;
      exchange.steps++;
      parts.telemetry.frame?.(exchange.model!, seconds);
      yield value;
    }
  } catch (error) {
    if (exchange.left(error) || exchange.left(signal.reason)) throw error;
    const refusal = refusalOf(error, signal);
    exchange.failed(refusal);
    throw refusal;
  } finally {
    over.resolve();
    await spanned;
    await frames.return?.(undefined);
    // What is left to write waits for its reader alone.
    place[Symbol.dispose]();
  }
}

/** The window that is forecast from; with the network loaded, so that what it can not take is refused before it waits. */
async function taskOf(
  parts: Parts,
  { options, data, start }: ForecastRequest,
  course: Course,
): Promise<ForecastTask> {
  const { exchange, limits, signal, isEnsemble } = course;
  using use = await exchange.phase("load", () => parts.models.use(exchange.model!, signal));
  const { model } = use.model;
  const { sample, statistics } = data
    ? await untilAborted(
      parts.datasets.window(data, (info) => model.contextFrames(info).usual, limits),
      signal,
    )
    : { sample: start!, statistics: null };
  const { members = USUAL_MEMBERS, quantiles = [] } = options;
  const ensemble = isEnsemble ? { members, quantiles } : null;
  const task = { model: use.name, start: sample, statistics, choices: choicesOf(options), ensemble };
  checkFit(model, task);
  return task;
}

/** Options of the rollout alone. */
function choicesOf(
  { steps, seed, draws, kvCache, lead, map, transforms, grid, average }: ForecastOptions,
): RolloutChoices {
  return { steps, seed, draws, kvCache, lead, map, transforms, grid, average };
}

/** Refuses more work than steps may be, and members of what is no ensemble. */
function checkWork({ steps, average = 1, members, quantiles }: ForecastOptions, course: Course): void {
  const { limits, isEnsemble } = course;
  if (!isEnsemble && (members !== undefined || quantiles)) {
    const which = members !== undefined ? "members" : "quantiles";
    throw new Refusal(
      "malformed",
      `Cannot take the options: ${which} are of ensembles, ask POST /v1/ensemble`,
    );
  }
  const each = average * (isEnsemble ? members ?? USUAL_MEMBERS : 1);
  if (steps * each <= limits.steps) return;
  throw new Refusal(
    "too_large",
    `steps is ${steps}, each of ${each} draws, this service forecasts at most ${limits.steps} at once`,
  );
}

/** Bytes of the frames that are there at once besides an answer: of each member its last window, and its frame. */
function memberBytes({ start, ensemble }: ForecastTask): number {
  const numbers = start.values.reduce((sum, { length }) => sum + length, 0);
  return ensemble ? 2 * Float32Array.BYTES_PER_ELEMENT * ensemble.members * numbers : 0;
}

/** The window, described as the frames of the answer are. */
function described({ start, ensemble }: ForecastTask): Sample {
  if (!ensemble) return start;
  try {
    return summaryStart(start, ensemble.quantiles);
  } catch (error) {
    throw unfitOf(error);
  }
}

async function forecastHere(
  parts: Parts,
  read: ForecastRequest,
  format: AnswerFormat,
  course: Course,
  holding: Holding,
): Promise<Response> {
  const { exchange, limits, signal, owned } = course;
  checkWork(read.options, course);
  const task = await taskOf(parts, read, course);
  const start = described(task);
  holding.add(memberBytes(task));
  const { steps, seed, outputs, numbers } = read.options;
  const wanted: AnswerOptions = {
    model: task.model,
    steps,
    seed,
    ...(task.ensemble ? { members: task.ensemble.members } : {}),
    numbers,
    limits,
    ...(outputs ? { outputs } : {}),
    ...(parts.writeAnswer
      ? { write: (form, sample, origin) => parts.writeAnswer!(form, sample, origin, signal) }
      : {}),
    problemOf: (error) => problemOf(refusalOf(error, signal), exchange.id),
  };
  holding.add(checkAnswer(format, start.info, wanted).bytes);
  const place = owned.use(
    await exchange.phase("wait", () => parts.queue.take(exchange.token, limits.perToken, signal)),
  );
  signal.throwIfAborted();
  const onLoaded = (seconds: number) => {
    exchange.took("load", seconds);
    // The first frame was waited for meanwhile.
    exchange.took("compute", -seconds);
  };
  const frames = told(forecastFrames(parts.models, task, signal, { onLoaded }), course, parts, place);
  const { type, body } = await answerOf(format, start, frames, wanted);
  return answered(course, 200, { "content-type": type, "cache-control": "no-store" }, body);
}

/** Whether another endpoint forecasts with a network. */
function isElsewhere({ models, upstream }: Parts, name: string | undefined): boolean {
  if (!upstream) return false;
  if (name === undefined) return models.names.length === 0;
  if (upstream.models) return upstream.models.includes(name);
  return !models.names.includes(name);
}

async function answer(parts: Parts, course: Course): Promise<Response> {
  const { request, exchange, limits, signal, owned } = course;
  const format = chooseAnswer(request);
  // Nothing of what is passed on has to be read here.
  if (parts.upstream && parts.models.names.length === 0) return await passOn(parts, course);
  parts.queue.check(exchange.token, limits.perToken);
  const holding = owned.use(parts.held.open());
  const read = await exchange.phase("read", async () => {
    const { bytes, received } = await readBody(request, limits, holding, signal);
    exchange.bytesIn = received;
    const mediaType = request.headers.get("content-type") ?? "";
    const query = new URL(request.url).search;
    // Whoever reads may take the bytes away; what may be passed on is kept.
    const given = parts.upstream ? bytes.slice() : bytes;
    return {
      bytes,
      ...await untilAborted(parts.readForecast(given, mediaType, query, limits, signal), signal),
    };
  });
  const name = read.options.model;
  if (isElsewhere(parts, name)) {
    exchange.model = name ?? null;
    return await passOn(parts, course, read.bytes);
  }
  const own = name ?? parts.models.names[0]!;
  parts.models.check(own, parts.upstream?.models);
  exchange.model = own;
  return await forecastHere(parts, read, format, course, holding);
}

/**
 * Answers a request for a forecast, or for an ensemble.
 *
 * @param parts of the service
 * @param request as it came
 * @param exchange what is told of it; finished here
 * @param isEnsemble whether it is for an ensemble
 * @throws Refusal, or what else ended it
 */
export async function forecastRoute(
  parts: Parts,
  request: Request,
  exchange: Exchange,
  isEnsemble: boolean,
): Promise<Response> {
  const token = await parts.who(request.headers.get("authorization"));
  exchange.token = token?.name ?? null;
  if (parts.isDraining()) {
    throw new Refusal("draining", "The service is about to end; another may take the request", 1);
  }
  const limits = { ...parts.limits, ...token?.limits };
  const owned = new DisposableStack();
  owned.defer(parts.enter());
  try {
    const { signal, abort, seconds } = owned.use(requestSignal(request, parts.ending, limits.seconds));
    return await answer(parts, { request, exchange, limits, signal, abort, seconds, owned, isEnsemble });
  } catch (error) {
    owned.dispose();
    throw error;
  }
}
