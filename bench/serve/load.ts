// Load on an endpoint: many clients at the same time, some of which leave or send what is wrong. Every answer is compared
// with a direct rollout.

import { areEqual, BAD, type Bad, type Frames, type Good } from "./workload.ts";

/** What came of all requests. */
export interface Outcome {
  /** Whole and right. */
  answered: number;
  /** Whole and not right. */
  wrong: number;
  /** Accepted, but not whole. */
  lost: number;
  /** Not accepted, to be tried again: by reason. */
  refused: Record<string, number>;
  /** Given up by the client. */
  left: number;
  /** Wrong requests that were refused in words, by status. */
  malformed: Record<string, number>;
  /** Wrong requests that were not. */
  misjudged: string[];
  /** Why answers were lost or wrong. */
  faults: string[];
  /** Seconds of whole answers, from the request on. */
  seconds: number[];
  /** Whole answers by kind of request. */
  kinds: Record<string, number>;
}

/** How clients ask. */
export interface LoadOptions {
  readonly url: string;
  readonly clients: number;
  readonly seconds: number;
  readonly good: readonly Good[];
  /** What each has to be answered with. */
  readonly expected: ReadonlyMap<Good, Frames>;
  /** Shares of clients' requests that are given up, and that are wrong. */
  readonly leaving?: number;
  readonly malformed?: number;
}

/** Random numbers from 0 to 1, the same each time. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function count(record: Record<string, number>, key: string): void {
  record[key] = (record[key] ?? 0) + 1;
}

/** Milliseconds until a client that found no room asks again: less than it is told to wait, so that the queue stays full. */
const AGAIN = 300;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends what is wrong: it has to be refused in words. */
async function sendBad(url: string, { name, init, query }: Bad, outcome: Outcome): Promise<void> {
  const response = await fetch(`${url}v1/forecast${query}`, init);
  const { status } = response;
  const problem = await response.json().catch(() => null);
  const busy = status === 503 || status === 429;
  const isRight = status >= 400 && status < 500 && typeof problem?.detail === "string" &&
    problem.detail.length > 10;
  if (isRight || busy) count(outcome.malformed, String(status));
  else outcome.misjudged.push(`${name}: ${status} ${JSON.stringify(problem)}`);
  if (busy) await pause(AGAIN);
}

/** Sends a request and leaves at some time. */
async function leave(url: string, { init, query }: Good, after: number, outcome: Outcome): Promise<void> {
  const signal = AbortSignal.timeout(after);
  try {
    const response = await fetch(`${url}v1/forecast${query}`, { ...init, signal });
    // Some leave in the midst of an answer.
    await response.body?.getReader().read();
    await response.body?.cancel().catch(() => {});
    if (!response.ok) await pause(AGAIN);
  } catch {
    // Nobody hears what comes of it.
  }
  outcome.left++;
}

async function sendGood(options: LoadOptions, good: Good, outcome: Outcome): Promise<void> {
  const began = performance.now();
  let response: Response;
  try {
    response = await fetch(`${options.url}v1/forecast${good.query}`, good.init);
  } catch (error) {
    outcome.lost++;
    outcome.faults.push(`${good.name}: ${error}`);
    return;
  }
  if (response.status !== 200) {
    const { reason = "none", detail = "" } = await response.json().catch(() => ({}));
    if (![429, 503].includes(response.status) || !response.headers.get("retry-after")) {
      outcome.lost++;
      outcome.faults.push(`${good.name}: ${response.status} ${detail}`);
    }
    count(outcome.refused, reason);
    await pause(AGAIN);
    return;
  }
  try {
    const frames = await good.read(response);
    outcome.seconds.push((performance.now() - began) / 1000);
    if (areEqual(frames, options.expected.get(good)!)) {
      outcome.answered++;
      count(outcome.kinds, good.name);
    } else {
      outcome.wrong++;
      outcome.faults.push(`${good.name}: other numbers`);
    }
  } catch (error) {
    outcome.lost++;
    outcome.faults.push(`${good.name}: ${error}`);
  }
}

/** Asks until the time is over, and waits for what was asked. */
export async function load(options: LoadOptions): Promise<Outcome> {
  const { url, clients, seconds, good, leaving = 0.15, malformed = 0.15 } = options;
  const outcome: Outcome = {
    answered: 0,
    wrong: 0,
    lost: 0,
    refused: {},
    left: 0,
    malformed: {},
    misjudged: [],
    faults: [],
    seconds: [],
    kinds: {},
  };
  const end = performance.now() + 1000 * seconds;
  await Promise.all(Array.from({ length: clients }, async (_, client) => {
    const next = random(client + 1);
    for (let i = 0; i < 5; i++) next();
    while (performance.now() < end) {
      const kind = next();
      const request = good[Math.floor(next() * good.length)]!;
      if (kind < malformed) await sendBad(url, BAD[Math.floor(next() * BAD.length)]!, outcome);
      else if (kind < malformed + leaving) await leave(url, request, 2000 * next(), outcome);
      else await sendGood(options, request, outcome);
    }
  }));
  return outcome;
}

/** A share of some values, in order. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/**
 * Milliseconds that health checks take until a promise is settled. They are sent by a thread of their own: the clients'
 * thread compares answers, and its own delays are not the endpoint's.
 */
export async function health(url: string, during: Promise<unknown>): Promise<number[]> {
  const worker = new Worker(new URL("./health_worker.ts", import.meta.url), { type: "module" });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>();
    worker.onmessage = ({ data }: MessageEvent<number[]>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(url);
    const stop = () => worker.postMessage(null);
    during.then(stop, stop);
    return await promise;
  } finally {
    worker.terminate();
  }
}

/** A number of a metric without labels. */
export async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "m").exec(text)?.[1]);
}

/** Milliseconds until the places of clients that vanished are free: those that run, and those that wait. */
export async function vanished(url: string, good: Good, count: number): Promise<number> {
  const leaving = new AbortController();
  const body = JSON.stringify({ ...JSON.parse(good.init.body as string), steps: 500 });
  const asked = Array.from({ length: count }, async () => {
    try {
      const response = await fetch(`${url}v1/forecast`, { ...good.init, body, signal: leaving.signal });
      for await (const _ of response.body!);
    } catch {
      // As it should.
    }
  });
  const under = async () => await metric(url, "walrus_running") + await metric(url, "walrus_waiting");
  while (await under() < count) await pause(10);
  const began = performance.now();
  leaving.abort();
  while (await under() > 0) await pause(5);
  const took = performance.now() - began;
  await Promise.all(asked);
  return took;
}
