// The allocator under random use: ranges never overlap, everything comes back, holes are used again.

import assert from "node:assert/strict";
import fc from "fast-check";
import { Allocator } from "../../../lib/backend/wasm/memory.ts";
import { Draw, seeds } from "../random_launches.ts";

function allocator(pages: number): Allocator {
  return new Allocator(new WebAssembly.Memory({ initial: 1, maximum: pages }), 1000, pages * 65_536);
}

Deno.test("Allocator keeps live ranges apart and inside the memory, and gets everything back", () => {
  fc.assert(fc.property(seeds, (seed) => {
    const draw = new Draw(seed);
    const memory = allocator(64);
    const live: { start: number; end: number }[] = [];
    for (let i = 0; i < 200; i++) {
      if (draw.chance(0.45) && live.length > 0) {
        const [range] = live.splice(draw.whole(0, live.length - 1), 1);
        memory.free(range!.start);
        continue;
      }
      const bytes = draw.whole(0, draw.chance(0.1) ? 100_000 : 3000);
      const start = memory.allocate(bytes, "test");
      assert.equal(start % 64, 0);
      assert.ok(start >= 1000 && start + bytes + 64 <= memory.memory.buffer.byteLength);
      assert.ok(live.every((other) => start + bytes <= other.start || other.end <= start));
      live.push({ start, end: start + bytes });
    }
    for (const { start } of live) memory.free(start);
    assert.equal(memory.used, 0);
    assert.equal(memory.allocate(memory.capacity - 64, "all"), 1024);
  }));
});

Deno.test("Allocator uses the first hole that is large enough and extends the last one", () => {
  const memory = allocator(4);
  const [a, b, c] = [100, 200, 300].map((bytes) => memory.allocate(bytes, "test")) as [
    number,
    number,
    number,
  ];
  memory.free(b);
  assert.equal(memory.allocate(120, "test"), b);
  memory.free(c);
  assert.equal(memory.allocate(1000, "test"), b + 128);
  memory.free(a);
  memory.free(a);
  assert.equal(memory.allocate(128, "test"), a);
});
