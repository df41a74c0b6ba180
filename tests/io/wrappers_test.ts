// Prefixes that wrappers give names: which are removed, which group is taken, what stays as it is.

import assert from "node:assert/strict";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";

function open(names: readonly string[]) {
  return openCheckpoint(
    writeSafetensors(names.map((name, i) => ({ name, shape: [1], data: Float32Array.of(i) }))),
  );
}

Deno.test("openCheckpoint() removes prefixes of wrappers where all tensors have them", async () => {
  const cases: [string[], string[]][] = [
    [["module.a.w", "module.b.w"], ["a.w", "b.w"]],
    [["module._orig_mod.model.a", "module._orig_mod.model.b"], ["a", "b"]],
    [["a._orig_mod.w", "b.w"], ["a.w", "b.w"]],
    [["_fsdp_wrapped_module.a._fsdp_wrapped_module.w"], ["a.w"]],
    [["state_dict.model.a.w", "optimizer.state.a.w.exp_avg", "step"], ["a.w"]],
    [["app.model.a", "app.optim.state.a.exp_avg"], ["a"]],
    [["model.a", "ema.a"], ["a"]],
    [["a", "ema.a"], ["a"]],
    [["ema_model.a"], ["a"]],
    // A tensor whose name is a wrapper's.
    [["model"], ["model"]],
  ];
  for (const [stored, wanted] of cases) {
    using checkpoint = await open(stored);
    assert.deepEqual([...checkpoint.tensors.keys()], wanted, stored.join());
    const plain = stored.every((name, i) => name === wanted[i]);
    assert.equal(checkpoint.notes.length > 0, !plain, checkpoint.notes.join());
  }
});

Deno.test("openCheckpoint() leaves names as they are where it can not be told which are the network's", async () => {
  const names = ["model.a", "head.b", "net.c"];
  using checkpoint = await open(names);
  assert.deepEqual([...checkpoint.tensors.keys()].sort(), [...names].sort());
  assert.equal(checkpoint.stored, undefined);
});

Deno.test("names as the file has them are kept, for networks that have such names", async () => {
  using checkpoint = await open(["model.a", "model.b"]);
  assert.deepEqual([...checkpoint.stored!.tensors.keys()], ["model.a", "model.b"]);
  assert.equal(checkpoint.tensors.get("b")!.name, "model.b");
});

Deno.test("openCheckpoint() refuses two tensors that are one without what wrappers added", async () => {
  await assert.rejects(open(["a._orig_mod.w", "a.w"]), /"a._orig_mod.w" and "a.w" are both "a.w"/);
});
