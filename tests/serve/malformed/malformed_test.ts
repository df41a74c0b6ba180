// A tenth of `deno task fuzz:serve`, in a process of its own: what it does to its memory, or whether it ends, is seen there.

import assert from "node:assert/strict";
import { inRepository } from "../../shared.ts";

Deno.test("200 malformed requests of every content type are refused in words, and nothing else happens", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "-A",
      inRepository("tests/serve/malformed/run.ts"),
      "200",
      "20261201",
    ],
    cwd: inRepository("."),
    env: { NO_COLOR: "1" },
  }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(code, 0, `${error}`);
  // Each kind of outcome happens, or what is tried is beyond recognition, or does no harm.
  for (const outcome of ["malformed", "too_large", "unfit", "answered"]) {
    assert.match(out!, new RegExp(`\\b[1-9]\\d* ${outcome}\\b`));
  }
});
