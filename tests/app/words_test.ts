// What the forecast command says: memory, table, pace, scales.

import assert from "node:assert/strict";
import { admit } from "../../app/forecast/memory.ts";
import { duration, pace } from "../../app/forecast/progress.ts";
import { renderTable } from "../../app/forecast/table.ts";
import { bytes } from "../../app/words.ts";
import { NARROW_BYTES } from "../../lib/backend/wasm/module.ts";

Deno.test("bytes() are in a unit people read", () => {
  assert.deepEqual([20.7e9, 94e6, 312].map(bytes), ["20.70 GB", "94.0 MB", "312 bytes"]);
});

Deno.test("admit() names what a forecast needs, what there is and what would help", () => {
  admit({ weights: 3e9, working: 1e9 }, 8e9, NARROW_BYTES);
  assert.throws(
    () => admit({ weights: 5.2e9, working: 1e9 }, 64e9, NARROW_BYTES),
    /needs 6\.20 GB \(weights 5\.20 GB, .* 1\.00 GB\), --memory allows 4\.29 GB; use --memory 8 or 16, --weights int8, a smaller/,
  );
  assert.throws(
    () => admit({ weights: 4e8, working: 2e8 }, 5e8, NARROW_BYTES),
    /600\.0 MB .* this machine has free 500\.0 MB/,
  );
});

Deno.test("pace() tells speed and remaining time", () => {
  assert.equal(pace(0, 10, 1), "starting");
  assert.equal(pace(5, 10, 2.5), "2.0 steps/s, 3s left");
  assert.equal(pace(1, 100, 8), "8.0 s/step, 13m12s left");
  assert.equal(pace(10, 10, 4), "2.5 steps/s, took 4s");
  assert.equal(duration(7260), "2h01m");
});

const row = (step: number, forecast: (number | null)[], persistence: (number | null)[]) => ({
  step,
  time: step / 10,
  forecast,
  persistence,
});

Deno.test("renderTable() shows each field beside persistence, in columns that fit the terminal", () => {
  const rows = [row(1, [0.5, 0.25], [1, 0.75]), row(2, [1.5, 0.75], [2, 1.25])];
  const wide = renderTable(["density", "pressure"], rows, { columns: 100, color: false });
  assert.match(wide, /density +pressure +mean/);
  assert.match(wide, /^ +1 +0\.1 +0\.5000 +\(1\.0000\) +0\.2500 +\(0\.7500\) +0\.3750 +\(0\.8750\)$/m);
  assert.match(wide, /^mean of steps +1\.0000 +\(1\.5000\) +0\.5000 +\(1\.0000\)/m);
  const narrow = renderTable(["density", "pressure"], rows, { columns: 50, color: false });
  assert.ok(narrow.split("\n").every((line) => line.length <= 50));
  const ends = (line: RegExp) =>
    [...line.exec(wide)![0].matchAll(/[^ ]+(?= |$)/g)].map((m) => m.index + m[0].length);
  assert.deepEqual(ends(/^step.*/m).slice(2), ends(/^ +1 .*/m).filter((_, i) => i >= 3 && i % 2 === 1));
});

Deno.test("renderTable() leaves steps without truth out of the means", () => {
  const rows = [row(1, [0.5], [1]), row(2, [null], [null])];
  const table = renderTable(["density"], rows, { columns: 80, color: false });
  assert.match(table, /^ +2 +0\.2 +- +\(-\)/m);
  assert.match(table, /^mean of steps +0\.5000 +\(1\.0000\)/m);
});

Deno.test("renderTable() paints better green, worse red", () => {
  const table = renderTable(["a"], [row(1, [0.5], [1]), row(2, [3], [1])], { columns: 80, color: true });
  assert.ok(table.includes("\u001b[32m0.5000") && table.includes("\u001b[31m3.0000"));
});
