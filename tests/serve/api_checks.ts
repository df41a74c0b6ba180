// What clients of the endpoint rely on, asked of it wherever it runs with the shipped network: on a host, in an edge runtime.

import assert from "node:assert/strict";
import { openData } from "../../lib/data/open_data.ts";
import type { Sample } from "../../lib/data/dataset.ts";
import type { Frame } from "../../lib/forecast/frame.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import { describeWindow, shapeOf } from "../../lib/serve/answer/describe.ts";
import { readFrames } from "../../lib/serve/answer/read_frames.ts";
import { toJson, toNpz } from "../../lib/serve/answer/whole.ts";
import { readForecast } from "../../lib/serve/window/read_window.ts";
import { LIMITS } from "../../lib/serve/limits.ts";
import { jsonText } from "./windows.ts";

/** Sends a request to a path. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>;

/** A check, with what it is of. */
export interface ApiCheck {
  readonly name: string;
  /** @throws AssertionError when it does not hold */
  run(send: Send, start: Sample): Promise<void>;
}

const STEPS = 2;
const QUERY = `?steps=${STEPS}&seed=1`;

function bodies(start: Sample): Readonly<Record<string, Uint8Array>> {
  const { info, values, times } = start;
  const fields = info.fields.map(({ name, order, constant }) => [name, { order, constant }]);
  const description = JSON.stringify({ ...describeWindow(start), fields: Object.fromEntries(fields) });
  const tensors = info.fields.map((field, i) => ({
    name: field.name,
    shape: shapeOf(info, field, times.length),
    data: values[i]!,
  }));
  const body = JSON.parse(jsonText(toJson(start, { model: "small", seed: 1 })));
  return {
    "application/json": new TextEncoder().encode(JSON.stringify({ ...body, steps: STEPS })),
    "application/x-npz": toNpz(start),
    "application/x-safetensors": writeSafetensors(tensors, "f32", { description }),
  };
}

/** Sends a window and asks for a form of the answer. */
async function forecast(
  send: Send,
  body: Uint8Array,
  type: string,
  accept: string,
  query = QUERY,
): Promise<Response> {
  return await send(`/v1/forecast${type === "application/json" ? "" : query}`, {
    method: "POST",
    headers: { "content-type": type, accept },
    body: body as Uint8Array<ArrayBuffer>,
  });
}

async function ok(response: Response): Promise<Response> {
  assert.equal(response.status, 200, response.ok ? "" : await response.clone().text());
  return response;
}

/** The frames of an answer that is sent as one, which is a window too. */
async function frames(response: Response): Promise<Sample> {
  const type = (await ok(response)).headers.get("content-type")!;
  const body = new Uint8Array(await response.arrayBuffer());
  return (await readForecast(body, type, "", LIMITS)).start!;
}

/** Numbers of all frames of a stream. */
function joined(list: readonly Frame[]): number[] {
  return list.flatMap(({ values }) => values.flatMap((field) => [...field]));
}

/** The same numbers of an answer that has them by field. */
function byFrame({ times, values }: Sample): number[] {
  return [...times.keys()].flatMap((t) =>
    values.flatMap((field) => {
      const size = field.length / times.length;
      return [...field.subarray(t * size, (t + 1) * size)];
    })
  );
}

async function refused(response: Response, status: number, words: RegExp): Promise<void> {
  const { detail, status: told } = await response.json();
  assert.deepEqual([response.status, told], [status, status], detail);
  assert.match(detail, words);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
}

/**
 * All checks.
 *
 * @param isNear fails unless numbers are those of the forecast
 * @param hasHdf5 whether it reads and writes HDF5
 */
export function apiChecks(
  isNear: (numbers: readonly number[]) => Promise<void>,
  hasHdf5: boolean,
): ApiCheck[] {
  return [
    {
      name: "a window in each form gives the same forecast, in each form of the answer",
      async run(send, start) {
        const all = bodies(start);
        const answers: number[][] = [];
        for (const [type, body] of Object.entries(all)) {
          const stream = await ok(await forecast(send, body, type, "application/x-walrus-frames"));
          answers.push(joined(await Array.fromAsync(readFrames(stream))));
        }
        const npz = all["application/x-npz"]!;
        for (const accept of ["application/json", "application/x-npz"]) {
          answers.push(byFrame(await frames(await forecast(send, npz, "application/x-npz", accept))));
        }
        await isNear(answers[0]!);
        // The same bits whatever the form.
        for (const answer of answers) assert.deepEqual(answer, answers[0]);
      },
    },
    {
      name: "events are start, frames and end",
      async run(send, start) {
        const npz = bodies(start)["application/x-npz"]!;
        const events = await (await ok(await forecast(send, npz, "application/x-npz", "text/event-stream")))
          .text();
        assert.deepEqual(
          events.match(/^event: \w+$/gm),
          ["start", "frame", "frame", "end"].map((e) => `event: ${e}`),
        );
      },
    },
    {
      name: "requests at the same time give what each gives alone",
      async run(send, start) {
        const npz = bodies(start)["application/x-npz"]!;
        const ask = async (seed: number) => {
          const response = await forecast(
            send,
            npz,
            "application/x-npz",
            "application/x-npz",
            `?steps=1&seed=${seed}`,
          );
          return byFrame(await frames(response));
        };
        const alone = [await ask(1), await ask(2)];
        assert.notDeepEqual(alone[0], alone[1]);
        assert.deepEqual(await Promise.all([ask(1), ask(2), ask(1)]), [...alone, alone[0]]);
      },
    },
    {
      name: "a reader that leaves costs nobody anything",
      async run(send, start) {
        const npz = bodies(start)["application/x-npz"]!;
        for await (
          const { step } of readFrames(
            await forecast(send, npz, "application/x-npz", "application/x-walrus-frames", "?steps=40"),
          )
        ) {
          if (step === 1) break;
        }
        await ok(await forecast(send, npz, "application/x-npz", "application/x-npz", "?steps=1"));
      },
    },
    {
      name: "what is wrong is said in words, with its status",
      async run(send, start) {
        const npz = bodies(start)["application/x-npz"]!;
        const ask = (query: string, type = "application/x-npz", body = npz, accept = "*/*") =>
          forecast(send, body, type, accept, query);
        await refused(await ask("?steps=0"), 400, /steps is 0, wanted an integer from 1/);
        await refused(await ask("?model=large"), 404, /no model "large"/);
        await refused(await ask("?steps=1000000"), 413, /steps is 1000000/);
        await refused(await ask("", "image/png"), 415, /image\/png/);
        await refused(await ask("", "application/x-npz", npz.slice(0, 99)), 400, /truncated or damaged/);
        // Refused before the body is read: of a long one, a client that does not listen while it sends hears nothing.
        await refused(await ask("", "application/x-npz", npz.slice(0, 9), "image/png"), 406, /image\/png/);
        await refused(await ask("?map=A=unheard_of"), 422, /unheard_of/);
        await refused(await send("/v1/forecast"), 405, /wanted POST/);
        await refused(await send("/v2"), 404, /nothing at/);
        const file = await Deno.readFile("examples/data/gray_scott_mini.hdf5");
        const read = await ask("?frames=6", "application/x-hdf5", file);
        if (hasHdf5) await frames(read);
        else await refused(read, 415, /Cannot read or write HDF5 here/);
        const written = await ask("", "application/x-npz", npz, "application/x-hdf5");
        if (hasHdf5) await frames(written);
        else await refused(written, 406, /Cannot read or write HDF5 here/);
      },
    },
    {
      name: "it tells what it has",
      async run(send) {
        const { models } = await (await ok(await send("/v1/models"))).json();
        assert.deepEqual(models.map(({ name }: { name: string }) => name), ["small"]);
        for (const path of ["/healthz", "/readyz", "/v1/datasets"]) await (await ok(await send(path))).json();
        const { openapi, paths } = await (await ok(await send("/openapi.json"))).json();
        assert.match(openapi, /^3\.1/);
        assert.ok("/v1/forecast" in paths);
        assert.match(await (await ok(await send("/"))).text(), /<!doctype html>/i);
      },
    },
  ];
}

/** The window that the expected forecast starts from. */
export async function startWindow(): Promise<Sample> {
  using data = await openData("examples/data/gray_scott_mini.hdf5");
  return await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
}
