// Requests that are wrong on the wire: lengths that lie, chunks that are none, bodies that never come. The server refuses or
// hangs up, gives back their places, and answers the next one.

import assert from "node:assert/strict";
import { LIMITS } from "../../../lib/serve/limits.ts";
import { stubService, until } from "../stub_service.ts";

/** What a server sends back before it hangs up, or falls silent. */
async function exchange(port: number, request: string, leave = false): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request)).catch(() => 0);
  if (leave) return "";
  let text = "";
  const silent = setTimeout(() => connection.close(), 3000);
  try {
    const buffer = new Uint8Array(65_536);
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      text += new TextDecoder().decode(buffer.subarray(0, count));
      if (/\r\n\r\n.*}$/s.test(text)) break;
    }
  } catch {
    // It hung up.
  }
  clearTimeout(silent);
  return text;
}

const JSON_BODY = '{"data": {"dataset": "mini"}}';
const head = (lines: readonly string[]) =>
  ["POST /v1/forecast HTTP/1.1", "host: a", "content-type: application/json", ...lines].join("\r\n") +
  "\r\n\r\n";

Deno.test("lengths that lie, chunks that are none and clients that leave cost no place, and the server goes on", async () => {
  const { service, told } = stubService({ limits: { stall: 0.3 } });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => service.fetch(request),
  );
  const { port } = server.addr;
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      "longer than its body",
      head([`content-length: ${JSON_BODY.length + 50}`]) + JSON_BODY,
      /^HTTP\/1.1 408 .*"reason":"timeout"/s,
    ],
    [
      "shorter than its body",
      head(["content-length: 5"]) + JSON_BODY,
      /^HTTP\/1.1 400 .*"reason":"malformed"/s,
    ],
    ["far too long", head([`content-length: ${LIMITS.bytes + 1}`]), /^HTTP\/1.1 413 .*"reason":"too_large"/s],
    ["beyond all numbers", head(["content-length: 99999999999999999999999"]), /^(HTTP\/1.1 4|$)/],
    ["negative", head(["content-length: -1"]) + JSON_BODY, /^(HTTP\/1.1 4|$)/],
    ["told twice", head(["content-length: 5", "content-length: 29"]) + JSON_BODY, /^(HTTP\/1.1 4|$)/],
    ["a chunk that is none", head(["transfer-encoding: chunked"]) + "zz\r\n{}\r\n", /^(HTTP\/1.1 4|$)/],
    [
      "a chunk that is cut",
      head(["transfer-encoding: chunked"]) + "ff\r\n{}",
      /^HTTP\/1.1 408 .*"reason":"timeout"/s,
    ],
    [
      "a chunk that claims all",
      head(["transfer-encoding: chunked"]) + "ffffffffffffffff\r\n{}",
      /^(HTTP\/1.1 4|$)/,
    ],
    ["nothing", head([]), /^HTTP\/1.1 400 .*"reason":"malformed"/s],
    ["no request", "\x00\x01\x02 / HTTP\r\n\r\n", /^(HTTP\/1.1 4|$)/],
    ["headers without end", `GET / HTTP/1.1\r\nx: ${"x".repeat(1 << 20)}`, /^(HTTP\/1.1 4|$)/],
  ];
  for (const [name, request, answer] of cases) assert.match(await exchange(port, request), answer, name);
  for (const [, request] of cases) await exchange(port, request, true);
  await until("all places are free", () => service.state.running + service.state.waiting === 0);
  assert.deepEqual(told.faults, []);
  const response = await fetch(`http://127.0.0.1:${port}/v1/forecast`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON_BODY,
  });
  assert.equal(response.status, 200);
  assert.equal((await response.json()).window.fields.A.shape[0], 1);
  await service[Symbol.asyncDispose]();
});
