// Random shifts: within the released ranges, and reaching their ends.

import assert from "node:assert/strict";
import { geometryOf, largestShift } from "../../../lib/models/walrus/geometry.ts";
import { drawShifts } from "../../../lib/models/walrus/jitter.ts";
import { randomStream } from "../../../lib/random/philox.ts";

Deno.test("drawShifts() stays within the released ranges and reaches their ends", () => {
  const open = [1, 1] as const;
  const geometry = geometryOf([128, 64, 1], [open, [2, 2], [2, 2]], true);
  const seen = new Set<number>();
  for (let step = 0; step < 2000; step++) {
    const { patch, blocks } = drawShifts(geometry, 2, randomStream(3, step));
    assert.ok(Math.abs(patch[0]) <= largestShift(geometry[0]) && Math.abs(patch[1]) <= 31 && patch[2] === 0);
    for (const roll of blocks) {
      assert.ok(roll[0] === 0 && roll[1] >= 0 && roll[1] < geometry[1].tokens && roll[2] === 0);
    }
    seen.add(patch[0]);
  }
  assert.equal(seen.size, 2 * largestShift(geometry[0]) + 1);
});
