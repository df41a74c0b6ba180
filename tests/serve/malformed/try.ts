// Sends malformed requests to a service of the shipped network, one after the other: each is refused in words or answered,
// and nothing else happens.

import assert from "node:assert/strict";
import fc from "fast-check";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import { openData } from "../../../lib/data/open_data.ts";
import { frameAfter } from "../../../lib/forecast/frame.ts";
import type { ForecastModel } from "../../../lib/forecast/forecast_model.ts";
import { loadModel } from "../../../lib/forecast/load.ts";
import { varyingCount } from "../../../lib/data/components.ts";
import type { Limits } from "../../../lib/serve/limits.ts";
import { STATUS } from "../../../lib/serve/refusal.ts";
import { forecastService } from "../../../lib/serve/service.ts";
import { CHECKPOINT, GRAY_SCOTT } from "../../forecast/shipped.ts";
import { toNpz } from "../../../lib/serve/answer/whole.ts";
import { malformed, type Sent, validWindow } from "./requests.ts";

/** What the tries came to. */
export interface Tally {
  readonly tries: number;
  /** How many were answered, and refused, by reason. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Milliseconds of the slowest try. */
  readonly slowest: number;
  /** Bytes of memory that the process held at most, above those before the first try. */
  readonly grown: number;
  /** Bytes that a plan allows. */
  readonly planned: number;
}

/** Small, so that what goes beyond them shows. */
const LIMITS: Partial<Limits> = {
  bytes: 4 << 20,
  answer: 4 << 20,
  held: 16 << 20,
  points: 1 << 16,
  steps: 4,
  seconds: 60,
};
/** Bytes that decoding may take for each byte that a body may have (docs/serving_formats.md). */
const PER_BYTE = 8;
/** What else a process takes while it runs: garbage that is not collected yet, compiled code, programs of further shapes. */
const SLACK = 384 << 20;
/** A try may take this long, milliseconds. */
const MOST_TIME = 20_000;
/** Of the forecasts that are right, every so many is computed; of the others the last frame stands for it. */
const COMPUTED = 10;

/** A line of this process's status, in bytes; elsewhere than on Linux 0. Needs all rights. */
function statusOf(name: "VmHWM" | "VmRSS"): number {
  if (Deno.build.os !== "linux") return 0;
  return Number(
    new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(Deno.readTextFileSync("/proc/self/status"))![1],
  ) * 1024;
}

/** The network, which computes some forecasts only: all else of it is as it is. */
function sparing(model: ForecastModel): ForecastModel {
  let count = 0;
  return {
    model: model.model,
    warnings: model.warnings,
    deviceName: model.deviceName,
    [Symbol.dispose]: () => model[Symbol.dispose](),
    async *rollout(start, options) {
      if (count++ % COMPUTED === 0) return yield* model.rollout(start, options);
      for (let step = 1; step <= options.steps; step++) {
        const values = start.values.slice(0, varyingCount(start.info)).map((field) =>
          field.slice(-field.length / start.times.length)
        );
        yield frameAfter(start, values, step, start.times.at(-1)! + step);
      }
    },
  };
}

/** Fails unless a refusal is one in the project's words. */
function checkProblem(status: number, type: string | null, body: string): string {
  assert.equal(type, "application/problem+json");
  const { reason, detail, status: told } = JSON.parse(body);
  assert.equal(told, status);
  assert.equal(STATUS[reason as keyof typeof STATUS], status);
  assert.ok(status >= 400 && status < 500, `${status}: ${detail}`);
  assert.ok(detail.length >= 10 && detail.length < 1500, `${detail.length} letters: ${detail.slice(0, 200)}`);
  assert.doesNotMatch(detail, /\n\s+at |\.ts:\d|undefined|\[object /);
  return reason;
}

/**
 * Sends malformed requests.
 *
 * @param runs how many
 * @param seed of the draws
 * @param path of a failure, to replay it alone
 * @throws Error naming seed and path of the smallest failure
 */
export async function tryMalformed(runs: number, seed: number, path?: string): Promise<Tally> {
  const requests = await malformed();
  using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  const faults: unknown[] = [];
  await using service = forecastService({
    models: { small: { load: () => Promise.resolve(sparing(model)) } },
    datasets: { mini: { open: () => openData(GRAY_SCOTT) } },
    limits: LIMITS,
    telemetry: { fault: (error) => faults.push(error) },
  });
  const send = async ({ body, headers, query }: Sent): Promise<string> => {
    const url = `http://127.0.0.1/v1/forecast${query}`;
    const response = await service.fetch(
      new Request(url, { method: "POST", headers, body: body as Uint8Array<ArrayBuffer> }),
    );
    const text = await response.text();
    if (response.status !== 200) {
      return checkProblem(response.status, response.headers.get("content-type"), text);
    }
    assert.ok(text.length > 0);
    return "answered";
  };
  const valid: Sent = {
    kind: "valid",
    body: toNpz(validWindow()),
    headers: { "content-type": "application/x-npz", accept: "application/json" },
    query: "?steps=1&seed=1",
  };
  assert.equal(await send(valid), "answered");
  assert.equal(
    await send({
      ...valid,
      kind: "data",
      body: new TextEncoder().encode('{"data":{"dataset":"mini"}}'),
      headers: { "content-type": "application/json" },
      query: "",
    }),
    "answered",
  );
  const before = statusOf("VmRSS");
  const outcomes: Record<string, number> = {};
  let [tries, slowest] = [0, 0];
  const property = fc.asyncProperty(requests, async (sent) => {
    const began = performance.now();
    const outcome = await send(sent).catch((error) => {
      throw new Error(`${sent.kind} ${JSON.stringify(sent.headers)} ${sent.query.slice(0, 200)}`, {
        cause: faults.at(-1) ?? error,
      });
    });
    const took = performance.now() - began;
    assert.ok(took < MOST_TIME, `${sent.kind} took ${took} ms`);
    assert.deepEqual([service.state.running, service.state.waiting], [0, 0]);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    tries++;
    slowest = Math.max(slowest, took);
  });
  await fc.assert(property, { numRuns: runs, seed, ...(path ? { path } : {}) });
  // It still answers, and the same.
  assert.equal(await send(valid), "answered");
  const grown = statusOf("VmHWM") - before;
  const planned = PER_BYTE * LIMITS.bytes! + SLACK;
  assert.ok(grown <= planned, `${grown} bytes were taken, ${planned} are planned`);
  assert.deepEqual(faults, []);
  return { tries, outcomes, slowest, grown, planned };
}
