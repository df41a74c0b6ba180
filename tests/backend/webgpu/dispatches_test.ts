// The full-size forecast as dispatches for adapters that are not there, and where it is cut for smaller limits.

import assert from "node:assert/strict";
import { planForecast } from "../../../app/plan/forecast.ts";
import { imaginedInfo } from "../../../app/plan/imagined.ts";
import { lower } from "../../../lib/backend/webgpu/lower.ts";
import { dispatchesOf, planDispatches, submitsOf } from "../../../lib/backend/webgpu/dispatches.ts";
import { poolSlots } from "../../../lib/backend/webgpu/pool.ts";
import { LEAST_LIMITS, type Target } from "../../../lib/backend/webgpu/target.ts";
import type { Kernel } from "../../../lib/compile/program.ts";
import { RELEASED_CONFIG } from "../../../lib/models/walrus/config.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { fixture } from "../../shared.ts";
import { twoBlocks } from "../../two_blocks.ts";

const KERNELS = new Set(Object.keys(lower) as Kernel[]);
const model = walrusModel(RELEASED_CONFIG);
const shape = model.shape(imaginedInfo([512, 512], model, 4), { samples: 1, draws: true });
const program = (fp16: boolean) => planForecast(model, shape, KERNELS, fp16).main.program;
const least: Target = { limits: LEAST_LIMITS, tiles: true, subgroups: false, attentionRows: 1 };

Deno.test("planDispatches() fits the released model into 8 GB, and into half with f16 weights", () => {
  const [whole, half] = [planDispatches(program(false), least), planDispatches(program(true), least)];
  assert.ok(whole.bound + whole.working < 6e9, `${whole.bound} and ${whole.working} bytes`);
  assert.ok(half.bound + half.working < 3.5e9, `${half.bound} and ${half.working} bytes`);
  assert.ok(whole.largest <= LEAST_LIMITS.maxBufferSize);
  assert.ok(whole.shaders < 80, `${whole.shaders} shaders`);
});

Deno.test("dispatchesOf() binds no more than the least adapter can", () => {
  for (const { dispatch } of dispatchesOf(program(false), least)) {
    const operands = [...dispatch.inputs, ...dispatch.outputs];
    assert.ok(operands.length <= LEAST_LIMITS.maxStorageBuffersPerShaderStage);
    for (const { bytes, start } of operands) {
      assert.ok(bytes <= LEAST_LIMITS.maxStorageBufferBindingSize && start % 256 === 0);
    }
    assert.ok(dispatch.groups.every((n) => n <= LEAST_LIMITS.maxComputeWorkgroupsPerDimension));
  }
});

Deno.test("poolSlots() never has a dispatch read and write one buffer", () => {
  const made = program(true);
  const { assignment } = poolSlots(made);
  // Slots of their own differ from pooled buffers by their sign.
  const buffer = (slot: number | null) =>
    slot === null ? NaN : assignment[slot]! >= 0 ? assignment[slot]! : -1 - slot;
  for (const { dispatch } of dispatchesOf(made, least)) {
    const written = dispatch.outputs.map(({ slot }) => buffer(slot));
    assert.ok(dispatch.inputs.every(({ slot }) => !written.includes(buffer(slot))), dispatch.parts.name);
  }
});

Deno.test("dispatchesOf() gives subgroups eight rows of a norm a workgroup", () => {
  const norms = dispatchesOf(program(false), { ...least, subgroups: true })
    .filter(({ dispatch }) => dispatch.parts.name === "layerNormSubgroup");
  assert.ok(norms.length >= 4 * 40 - 2, `${norms.length}`);
  for (const { dispatch: { uniforms, groups } } of norms) {
    const [inRow, rows] = [uniforms[0]!, uniforms[1]!];
    assert.equal(groups[0], inRow);
    assert.ok(inRow * groups[1] * 8 >= rows && inRow * (groups[1] - 1) * 8 < rows, `${groups} for ${rows}`);
  }
});

Deno.test("dispatchesOf() refuses launches that bind more tensors than an adapter can", () => {
  const limits = { ...LEAST_LIMITS, maxStorageBuffersPerShaderStage: 3 };
  assert.throws(
    () => dispatchesOf(program(false), { ...least, limits }),
    /binds \d tensors at once, maxStorageBuffersPerShaderStage of this adapter is 3/,
  );
});

Deno.test("submitsOf() ends a submit before its arithmetic is more than a slow adapter does in time", () => {
  const dispatches = dispatchesOf(program(false), least);
  const starts = submitsOf(dispatches);
  assert.equal(starts.at(-1), dispatches.length);
  for (let i = 0; i + 1 < starts.length; i++) {
    const part = dispatches.slice(starts[i], starts[i + 1]);
    const work = part.reduce((sum, { work }) => sum + work, 0);
    assert.ok(part.length === 1 || (part.length <= 64 && work <= 5e10), `${part.length} dispatches, ${work}`);
  }
});

Deno.test("the dispatches of a two-block model are the reviewed ones", async () => {
  const made = twoBlocks();
  const lines = dispatchesOf(made, least).map(({ dispatch: { parts, groups, inputs, outputs } }) =>
    `${parts.name} ${groups.join("x")} <- ${inputs.length}, ${
      outputs.map(({ bytes }) => bytes).join(" ")
    } bytes`
  );
  const { bound, working, dispatches, submits, shaders } = planDispatches(made, least);
  lines.push(`${dispatches} dispatches, ${submits} submits, ${shaders} shaders`);
  lines.push(`${bound} bytes bound, ${working} bytes working`);
  const path = fixture("two_blocks_webgpu.txt");
  const text = lines.join("\n") + "\n";
  if (Deno.env.get("UPDATE_SNAPSHOTS")) await Deno.writeTextFile(path, text);
  assert.equal(text, await Deno.readTextFile(path));
});
