// A run in one file: written and read back, also by runs that an earlier version began; torn and foreign files refused.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { changedKeys, parseRunConfig } from "../../lib/train/run_config.ts";
import { decodeRunState, encodeRunState, type RunState } from "../../lib/train/run_state.ts";
import { writeSafetensors } from "../../lib/io/safetensors_writer.ts";
import type { Model } from "../../lib/models/model.ts";
import type { WalrusShape } from "../../lib/models/walrus/shape.ts";
import { digest } from "../digest.ts";
import { fixture } from "../shared.ts";
import { TINY, TINY_SETTINGS, tinyBatch, tinyModel, tinyStart, tinyTrainer } from "./tiny.ts";

/**
 * A run after two steps, in the format of commit b610147, and what is made of it in two more: that commit's losses, and
 * its norms but for the last digit of one, since gradients of norms have kernels.
 */
const OLD = fixture("training/run_1.safetensors");
const OLD_NUMBERS = [81.36849212646484, 7.08774995803833, 78.26541900634766, 7.279059410095215];
const OLD_STATE = "513a7a08ad74bcd7c772abc31e35b588";
/** Its configuration. */
const OLD_RUN = `
folder: a
seed: 3
data: {root: b, samples: 1, rotate: false}
loss: {minimum_context: 2}
model: {hidden_dim: 16, heads: 1, intermediate_dim: 1, blocks: 1, mlp_dim: 32, include_d: [2], rotary: shared, context: 3, drop_path: 0}
training: {steps: 9, accumulate: 1, remat: 0}
`;

async function bytesOf(state: RunState): Promise<Uint8Array> {
  const shapes = new Map([...state.model.parameters].map(([name, { shape }]) => [name, shape]));
  const pieces = await Array.fromAsync(encodeRunState(state, shapes), (piece) => piece.slice());
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** All but the network, which has functions, and its configuration. */
function plain({ model, ...state }: RunState) {
  return { ...state, family: model.family, config: model.config };
}

Deno.test("decodeRunState() reads what encodeRunState() wrote", async () => {
  const model = tinyModel({ rotary: "shared", apeShape: [4, 4, 1] });
  const state: RunState = {
    step: 7,
    microBatches: 21,
    best: { score: 0.25, step: 5 },
    validated: 5,
    runConfig: "folder: a\n",
    model,
    trainer: { ...tinyStart(model, TINY_SETTINGS), counts: { encoder_dummy: 7 } },
  };
  const bytes = await bytesOf(state);
  assert.deepEqual(plain(await decodeRunState(bytes)), plain(state));
  assert.deepEqual(plain(await decodeRunState(await bytesOf({ ...state, best: null }))).best, null);
  // What an earlier version wrote of a first validation without a score: nothing would ever be better.
  const none = { score: NaN, step: 5 };
  assert.equal((await decodeRunState(await bytesOf({ ...state, best: none }))).best, null);
});

Deno.test("a run of the first format goes on with the bits that it would have had", async () => {
  const state = await decodeRunState(OLD);
  const { model } = state;
  assert.deepEqual([state.step, state.microBatches, state.best, state.validated], [
    2,
    2,
    { score: 0.5, step: 1 },
    1,
  ]);
  assert.deepEqual(model.config, {
    ...TINY,
    hiddenDim: 16,
    intermediateDim: 1,
    blocks: 1,
    heads: 1,
    mlpDim: 32,
    includeD: [2],
    rotary: "shared",
    dropPath: 0,
  });
  using device = await wasm({ threads: 1, relaxed: false });
  using trainer = await tinyTrainer(device, { model });
  await trainer.load(state.trainer);
  const numbers: number[] = [];
  for (const index of [2, 3]) {
    const { loss, norm } = await trainer.step([tinyBatch(index, model as Model<WalrusShape>)], 1e-3);
    numbers.push(loss, norm);
  }
  assert.deepEqual(numbers, OLD_NUMBERS);
  assert.equal(await digest((await trainer.state()).tensors), OLD_STATE);
  // Saved again it is a run of today.
  assert.deepEqual(plain(await decodeRunState(await bytesOf(state))), plain(state));
});

Deno.test("a run of the first format has the configuration that began it", async () => {
  const { runConfig } = await decodeRunState(OLD);
  const [stored, given] = [await parseRunConfig(runConfig), await parseRunConfig(OLD_RUN)];
  assert.deepEqual(changedKeys(given, stored), []);
  assert.deepEqual(stored, given);
});

Deno.test("decodeRunState() refuses torn files, other formats and files that are no run", async () => {
  const bytes = await Deno.readFile(OLD);
  await assert.rejects(() => decodeRunState(bytes.subarray(0, bytes.length - 1000)), SyntaxError);
  await assert.rejects(() => decodeRunState(bytes.subarray(0, 100)), SyntaxError);
  const tensor = { name: "params/a", shape: [1], data: Float32Array.of(1) };
  await assert.rejects(
    () => decodeRunState(writeSafetensors([tensor])),
    /its format is "unknown", wanted "training run 2"/,
  );
  const later = new TextDecoder("latin1").decode(bytes).replace("training run 1", "training run 9");
  await assert.rejects(
    () => decodeRunState(Uint8Array.from(later, (character) => character.charCodeAt(0))),
    /its format is "walrus training run 9", wanted "training run 2"/,
  );
});
