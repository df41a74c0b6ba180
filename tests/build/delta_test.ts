// Kernels as differences of their siblings: what comes back is what went in, and it is much smaller.

import assert from "node:assert/strict";
import fc from "fast-check";
import { apply, difference } from "../../app/build/delta.ts";
import { kernelBytes } from "../../app/build/kernels.ts";

Deno.test("apply() gives back what difference() was taken for", () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(fc.property(bytes, bytes, (base, target) => {
    assert.deepEqual([...apply(base, difference(base, target))], [...target]);
  }));
  // Texts of few letters repeat themselves.
  const text = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 400 }).map((list) =>
    Uint8Array.from(list)
  );
  fc.assert(fc.property(text, text, (base, target) => {
    assert.deepEqual([...apply(base, difference(base, target))], [...target]);
  }));
});

Deno.test("a build of the kernels takes a tenth of its bytes beside its sibling", async () => {
  const [plain, relaxed] = await Promise.all([kernelBytes("plain"), kernelBytes("relaxed")]);
  const bytes = difference(plain, relaxed);
  assert.deepEqual(apply(plain, bytes), relaxed);
  assert.ok(bytes.length < relaxed.length / 10, `${bytes.length} of ${relaxed.length}`);
});
