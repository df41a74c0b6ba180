// What the body of a request for a forecast holds: options, and a window or the name of one.

import type { Sample } from "../data/dataset.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { type DataReference, type ForecastOptions, parseOptions, parseReference } from "./window/options.ts";

/** A request that was read. */
export interface ReadRequest {
  readonly options: ForecastOptions;
  /** Where the window is one of the service's own data. */
  readonly reference: DataReference | null;
  /** The window that was sent; null where it is named instead. */
  readonly sample: Sample | null;
}

export async function readRequest(
  body: Uint8Array,
  _mediaType: string,
  _query: URLSearchParams,
  limits: Limits,
  _signal: AbortSignal,
): Promise<ReadRequest> {
  await Promise.resolve();
  let parsed;
  try {
    parsed = JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    throw new Refusal("malformed", "no JSON", null, { cause: error });
  }
  const { data, window: _, ...options } = parsed;
  return { options: parseOptions(options, limits), reference: parseReference(data), sample: null };
}
