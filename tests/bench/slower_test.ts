import assert from "node:assert/strict";
import { compareCosts } from "../../bench/slower.ts";

Deno.test("compareCosts() names what is more than a tenth slower, the worst first, and what can not be compared", () => {
  const baseline = ["contract", "attention", "rope", "map", "fold"].map((name) => ({ name, cost: 2 }));
  const now = [
    { name: "contract", cost: 2.22 },
    { name: "attention", cost: 2.18 },
    { name: "rope", cost: 1 },
    { name: "map", cost: 5 },
    { name: "cast", cost: 9 },
  ];
  const { slower, added, missing } = compareCosts(baseline, now);
  assert.deepEqual(slower.map(({ name }) => name), ["map", "contract"]);
  assert.ok(Math.abs(slower[1]!.ratio - 1.11) < 1e-12);
  assert.deepEqual(added, ["cast"]);
  assert.deepEqual(missing, ["fold"]);
});
