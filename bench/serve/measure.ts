// One measurement of the endpoint as a process: direct rollouts, load, vanished clients, memory.

import { type ForecastModel, loadModel } from "walrus";
import { inRepository } from "../../tests/shared.ts";
import { serveProcess } from "../../tests/serve/process.ts";
import { health, load, metric, quantile, vanished } from "./load.ts";
import { areEqual, direct, type Frames, type Good, goodRequests, smallRequest } from "./workload.ts";

/** How much is measured. */
export interface MeasureOptions {
  readonly clients: number;
  readonly seconds: number;
  /** Small requests for the memory. */
  readonly requests: number;
  /** Of the windows of all others: those that the model was trained with unless given. */
  readonly frames?: number;
  readonly print: (line: string) => void;
}

/** Places in the queue: fewer than clients, so that some are refused. */
const WAITING = 48;
const RUNNING = 2;

/** The shipped model in a worker, on as many processors as the endpoint computes with. */
function worker(): Promise<ForecastModel> {
  return loadModel(inRepository("examples/walrus_small/walrus.safetensors"), {
    worker: true,
    backend: "wasm",
  });
}

const round = (value: number) => Number(value.toPrecision(4));

/** Seconds of direct rollouts by kind of request. */
async function timed(good: readonly Good[]): Promise<Map<string, number>> {
  using model = await worker();
  const seconds = new Map<string, number>();
  for (const name of new Set(good.map(({ name }) => name))) {
    const own = good.filter((request) => request.name === name);
    await direct(model, own[0]!);
    const repeats = [...own, ...own, ...own];
    const began = performance.now();
    for (const request of repeats) await direct(model, request);
    seconds.set(name, (performance.now() - began) / 1000 / repeats.length);
  }
  return seconds;
}

/** What each request has to be answered with. */
async function expectedOf(good: readonly Good[]): Promise<Map<Good, Frames>> {
  using model = await worker();
  const expected = new Map<Good, Frames>();
  for (const request of good) expected.set(request, await direct(model, request));
  return expected;
}

/** Sends small requests, some at the same time; the process's memory when a tenth was sent, and at the end. */
async function memoryOf(url: string, requests: number, print: MeasureOptions["print"]) {
  const small = await smallRequest(1);
  using model = await worker();
  const expected = await direct(model, small);
  let sent = 0;
  let wrong = 0;
  const send = async (upTo: number) => {
    while (sent < upTo) {
      sent++;
      const response = await fetch(`${url}v1/forecast`, small.init);
      if (!areEqual(await small.read(response), expected)) wrong++;
    }
  };
  const resident: number[] = [];
  const parts = 10;
  // Heaps grow to their usual size first; what is sent for that is not counted.
  const warm = Math.round(requests / parts);
  await Promise.all(Array.from({ length: 8 }, () => send(warm)));
  sent = 0;
  const began = performance.now();
  for (let part = 1; part <= parts; part++) {
    await Promise.all(Array.from({ length: 8 }, () => send(Math.round(part * requests / parts))));
    resident.push(await metric(url, "process_resident_memory_bytes"));
    print(`${sent} small requests, ${(resident.at(-1)! / 1e6).toFixed(1)} MB`);
  }
  const seconds = (performance.now() - began) / 1000;
  return {
    requests,
    wrong,
    perSecond: round(requests / seconds),
    residentBytes: resident,
    growth: round(Math.max(...resident.slice(1)) / resident[0]!),
  };
}

/** Measures everything. */
export async function measure({ clients, seconds, requests, frames = 6, print }: MeasureOptions) {
  const good = await goodRequests(3, frames);
  const expected = await expectedOf(good);
  const before = await timed(good);
  await using served = await serveProcess({ yaml: `limits: {waiting: ${WAITING}, running: ${RUNNING}}` });
  const { url } = served;
  // Programs and weights are there before anything is timed.
  for (const { init, query } of good) await (await fetch(`${url}v1/forecast${query}`, init)).bytes();

  const began = performance.now();
  const loading = load({ url, clients, seconds, good, expected });
  const checks = await health(url, loading);
  const { seconds: latency, faults, misjudged, kinds, ...outcome } = await loading;
  const took = (performance.now() - began) / 1000;
  const busiest = await metric(url, "walrus_event_loop_delay_seconds");
  // Before and after: what else the machine does may change meanwhile.
  const after = await timed(good);
  const alone = new Map([...before].map(([name, seconds]) => [name, (seconds + after.get(name)!) / 2]));
  print(`direct: ${[...alone].map(([name, took]) => `${name} ${(1000 * took).toFixed(0)} ms`).join(", ")}`);
  const directSeconds = Object.entries(kinds).reduce(
    (sum, [name, count]) => sum + count * alone.get(name)!,
    0,
  );
  for (const fault of [...faults, ...misjudged].slice(0, 10)) print(fault);
  print(
    `${outcome.answered} answered in ${took.toFixed(1)} s, which direct rollouts take ${
      directSeconds.toFixed(1)
    } s for`,
  );

  const free = await vanished(url, good[0]!, RUNNING + 4);
  const memory = await memoryOf(url, requests, print);
  served.kill("SIGTERM");
  const exit = await served.ended;
  return {
    load: {
      clients,
      seconds: round(took),
      ...outcome,
      misjudged,
      faults: faults.slice(0, 20),
      kinds,
      p50: round(quantile(latency, 0.5)),
      p99: round(quantile(latency, 0.99)),
      answersPerSecond: round(outcome.answered / took),
      directMilliseconds: Object.fromEntries([...alone].map(([name, took]) => [name, round(1000 * took)])),
      shareOfDirect: round(directSeconds / took),
    },
    health: {
      checks: checks.length,
      p50: round(quantile(checks, 0.5)),
      p99: round(quantile(checks, 0.99)),
      /** Longest time that the thread that answers was busy. */
      busiest: round(1000 * busiest),
    },
    vanished: { clients: RUNNING + 4, milliseconds: round(free) },
    memory,
    exit,
  };
}
