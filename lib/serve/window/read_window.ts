// From the bytes of a request to a window. Nothing here opens a file or a URL; what is decoded is of a stranger, and all of
// it may be run in a worker: what goes in and comes out is plain data.

import type { Sample } from "../../data/dataset.ts";
import type { Limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { arraysSample } from "./arrays.ts";
import { hdf5Sample } from "./hdf5.ts";
import { BOUNDS, type Json, Numbers, plain, readJson } from "./json.ts";
import { fromJson } from "./json_window.ts";
import { refuseOver } from "./limit.ts";
import { kindOf } from "./media.ts";
import { fromNpz } from "./npz.ts";
import {
  type DataReference,
  type ForecastOptions,
  parseOptions,
  parseReference,
  type WindowOptions,
} from "./options.ts";
import { refusing } from "./refusing.ts";
import { fromSafetensors } from "./safetensors.ts";

/** What a request asks for, and from what: a window that it brought, or one of a data set. */
export interface ForecastRequest {
  /** How it is forecast and answered. */
  readonly options: ForecastOptions;
  /** Null where it names a data set. */
  readonly start: Sample | null;
  /** Null where it brought a window. */
  readonly data: DataReference | null;
}

/** Bytes that a number takes while JSON is read. */
const NUMBER_BYTES = 8;

/** A body of JSON as an object. */
function readBody(body: Uint8Array, limits: Limits): { readonly [name: string]: Json } {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new Refusal("malformed", "The body is no UTF-8");
  }
  const bounds = { ...BOUNDS, numbers: Math.floor(limits.bytes / NUMBER_BYTES) };
  const value = readJson(text, "window.json", bounds);
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Numbers) {
    throw new Refusal("malformed", `The body is no object, wanted {"window": ..} or {"data": ..}`);
  }
  return value as { readonly [name: string]: Json };
}

/** A request in JSON. */
async function jsonRequest(
  body: Uint8Array,
  query: URLSearchParams,
  limits: Limits,
): Promise<ForecastRequest> {
  const [stray] = [...query.keys()].filter((name) => name !== "format");
  if (stray !== undefined) {
    const words = `${
      JSON.stringify(stray.slice(0, 80))
    } stands in the query, wanted in the body, which is JSON`;
    throw new Refusal("malformed", `Cannot take the options: ${words}`);
  }
  const { window, data, ...rest } = readBody(body, limits);
  const options = parseOptions(plain(rest), limits);
  if ((window === undefined) === (data === undefined)) {
    throw new Refusal(
      "malformed",
      `The body has ${window ? "both window and" : "neither window nor"} data, wanted one of them`,
    );
  }
  if (window === undefined) return { options, start: null, data: parseReference(plain(data!)) };
  return { options, start: await arraysSample(fromJson(window), options, limits), data: null };
}

/**
 * The window of a binary body.
 *
 * @param body HDF5, npz or safetensors
 * @param mediaType of the header `content-type`; empty where there is none
 * @param options which of its frames
 * @param limits that hold before anything is unpacked or allocated
 * @param signal ends it between its parts
 * @throws Refusal that says what is wrong
 */
export async function readWindow(
  body: Uint8Array,
  mediaType: string,
  options: WindowOptions,
  limits: Limits,
  signal?: AbortSignal,
): Promise<Sample> {
  refuseOver(body.length, limits.bytes, `The body has ${body.length} bytes`);
  return await refusing(async () => {
    signal?.throwIfAborted();
    const kind = kindOf(mediaType, body);
    if (kind === "hdf5") return await hdf5Sample(body, options, limits);
    const described = kind === "npz"
      ? await fromNpz(body, limits)
      : kind === "safetensors"
      ? await fromSafetensors(body, limits)
      : fromJson(readBody(body, limits).window ?? null);
    signal?.throwIfAborted();
    return await arraysSample(described, options, limits);
  });
}

/**
 * A whole request for a forecast.
 *
 * @param body a window in any form, or JSON that has one or names a data set
 * @param mediaType of the header `content-type`; empty where there is none
 * @param query the options of a binary body; as text it can be sent to a worker
 * @param limits that hold before anything is unpacked or allocated
 * @param signal ends it between its parts
 * @throws Refusal that says what is wrong
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { LIMITS } from "../limits.ts";
 * const body = new TextEncoder().encode('{"data": {"dataset": "waves"}, "steps": 2}');
 * const { options, data } = await readForecast(body, "application/json", new URLSearchParams(), LIMITS);
 * assert.deepEqual([options.steps, data!.dataset], [2, "waves"]);
 * ```
 */
export async function readForecast(
  body: Uint8Array,
  mediaType: string,
  query: URLSearchParams | string,
  limits: Limits,
  signal?: AbortSignal,
): Promise<ForecastRequest> {
  const given = new URLSearchParams(query);
  refuseOver(body.length, limits.bytes, `The body has ${body.length} bytes`);
  if (kindOf(mediaType, body) === "json") {
    return await refusing(() => jsonRequest(body, given, limits));
  }
  const options = parseOptions(given, limits);
  return { options, start: await readWindow(body, mediaType, options, limits, signal), data: null };
}
