// A tenth of `deno task bench:serve`: what holds however slow the machine is. How fast it is, is the task's to say.

import assert from "node:assert/strict";
import { measure } from "../../bench/serve/measure.ts";

Deno.test("under load no answer is wrong, none that was accepted is lost, places and memory are given back", async () => {
  const said: string[] = [];
  const { load, vanished, memory, health, exit } = await measure({
    clients: 16,
    seconds: 5,
    requests: 400,
    frames: 1,
    print: (line) => said.push(line),
  });
  const words = said.join("\n");
  assert.deepEqual([load.wrong, load.lost, load.misjudged], [0, 0, []], words);
  assert.ok(load.answered > 10 && load.left > 0 && Object.keys(load.malformed).length > 2, words);
  assert.equal(Object.keys(load.kinds).length, 4, words);
  assert.ok(vanished.milliseconds < 1000, `places were free after ${vanished.milliseconds} ms`);
  assert.equal(memory.wrong, 0);
  // Within so few requests heaps still grow to their usual size.
  assert.ok(memory.growth < 1.3, `memory grew by ${memory.growth}`);
  assert.ok(health.checks > 20);
  assert.equal(exit, 0);
});
