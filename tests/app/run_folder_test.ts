// The folder of a run that was killed and goes on: logs hold each step once.

import assert from "node:assert/strict";
import { RunFolder } from "../../app/train/folder.ts";
import { eventFileStart, eventsUpTo } from "../../lib/io/tensorboard.ts";
import { inFolder } from "./run_command.ts";

/** Steps of all records with scalars in the event files of a folder. */
async function eventSteps(folder: string): Promise<number[]> {
  const steps: number[] = [];
  for (const { name } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    if (!name.startsWith("events.out.tfevents.")) continue;
    const bytes = await Deno.readFile(`${folder}/${name}`);
    let before = eventFileStart(0).length;
    for (let step = 1; step <= 10; step++) {
      const { length } = eventsUpTo(bytes, step);
      // All records of these tests have the same length.
      for (let at = before; at < length; at += RECORD) steps.push(step);
      before = length;
    }
  }
  return steps;
}

/** Bytes of a record of one scalar `a` at a step below 128. */
const RECORD = 16 + 9 + 2 + 2 + 2 + 3 + 5;

Deno.test("a run that was killed and resumed has each step once in TensorBoard's files", () =>
  inFolder(async (path) => {
    const killed = await RunFolder.open(path, []);
    for (let step = 1; step <= 5; step++) await killed.log(step, { a: step });
    assert.deepEqual(await eventSteps(path), [1, 2, 3, 4, 5]);
    // Killed while it wrote.
    const [events] = [...Deno.readDirSync(path)].filter(({ name }) => name.startsWith("events."));
    await Deno.writeFile(`${path}/${events!.name}`, Uint8Array.of(9, 9, 9), { append: true });
    await new Promise((resolve) => setTimeout(resolve, 5));

    const resumed = await RunFolder.open(path, []);
    await resumed.rewind(3);
    assert.deepEqual(await eventSteps(path), [1, 2, 3]);
    for (let step = 4; step <= 7; step++) await resumed.log(step, { a: step });
    assert.deepEqual(await eventSteps(path), [1, 2, 3, 4, 5, 6, 7]);
    const log = (await Deno.readTextFile(`${path}/log.jsonl`)).trim().split("\n");
    assert.deepEqual(log.map((line) => JSON.parse(line).step), [1, 2, 3, 4, 5, 6, 7]);
  }));
