// A service of stubs: what it is asked takes as long as a test says, and what it tells is kept.

import { openData } from "../../lib/data/open_data.ts";
import { forecastService, type ServiceOptions } from "../../lib/serve/service.ts";
import type { RequestRecord } from "../../lib/serve/telemetry.ts";
import { StubModel, type StubOptions } from "./stub_model.ts";

/** What was told. */
export interface Told {
  readonly requests: RequestRecord[];
  readonly frames: number[];
  readonly models: string[];
  readonly spans: string[];
  readonly faults: unknown[];
}

/** A service with one stub, `stub`, and one data set, `mini`, of 13 frames of 64 x 64 points. */
export function stubService(options: Partial<ServiceOptions> = {}, stub: StubOptions = {}) {
  const told: Told = { requests: [], frames: [], models: [], spans: [], faults: [] };
  const model = new StubModel(stub);
  const service = forecastService({
    models: { stub: { description: "computes nothing", load: () => Promise.resolve(model) } },
    datasets: { mini: { open: () => openData("examples/data/gray_scott_mini.hdf5") } },
    telemetry: {
      request: (record) => told.requests.push(record),
      frame: (_, seconds) => told.frames.push(seconds),
      model: (name, event) => told.models.push(`${name} ${event}`),
      span: (name, _, run) => {
        told.spans.push(name);
        return run();
      },
      fault: (error) => told.faults.push(error),
      metrics: (state) => Promise.resolve({ type: "text/plain", body: `running ${state.running}\n` }),
    },
    ...options,
  });
  return { service, model, told };
}

/** A request for a forecast of a window of the data set. */
export function ask(
  options: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
  init: RequestInit = {},
): Request {
  return new Request("http://localhost/v1/forecast", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ data: { dataset: "mini" }, ...options }),
    ...init,
  });
}

/** Waits until something is so. @throws Error after half a minute: other tests may have the machine meanwhile */
export async function until(what: string, is: () => boolean): Promise<void> {
  const began = performance.now();
  while (!is()) {
    if (performance.now() - began > 30_000) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
