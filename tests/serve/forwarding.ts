// What the tests of requests that are passed on share.

import type { ForwardOptions, Upstream } from "../../lib/serve/forward.ts";

/** Another endpoint; pauses between attempts are short. */
export const UPSTREAM: Upstream = { url: "http://gpu.example/base/", backoff: 0.001 };
/** What surrounds a request. */
export const OPTIONS: ForwardOptions = { id: "request-1", seconds: 5 };

/** A request for a forecast. */
export function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request("http://edge.example/v1/forecast?steps=2", {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}
