import assert from "node:assert/strict";
import { coreSize } from "../../bench/core_size.ts";

Deno.test("the compute core that a browser loads is at most 0.5 MB, 0.15 MB compressed", async () => {
  const { raw, gzip } = await coreSize();
  assert.ok(raw > 50_000 && raw <= 500_000, `${raw} bytes`);
  assert.ok(gzip > 20_000 && gzip <= 150_000, `${gzip} bytes compressed`);
});
