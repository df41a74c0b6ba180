// Training gives the very bits that stand in tests/fixtures/training, and the numbers of commit b610147, before gradients
// of norms and gates had kernels, within their rounding. One thread and no fused multiply-add, so that processors agree.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import type { WalrusConfig } from "../../lib/models/walrus/config.ts";
import type { TrainingSettings } from "../../lib/train/settings.ts";
import { isAdapter } from "../../lib/weights/lora.ts";
import { digest } from "../digest.ts";
import { fixture } from "../shared.ts";
import { batchOf, TINY_SETTINGS, tinyModel, tinySample, tinyTrainer, trainedOf } from "./tiny.ts";

/** What some steps gave. */
interface Expected {
  /** Loss and norm of every step. */
  readonly numbers: readonly number[];
  /** The same of commit b610147. */
  readonly before: readonly number[];
  /** Of weights and moments at the end. */
  readonly state: string;
  /** Tensors that were trained. */
  readonly trained: number;
}

interface Case {
  readonly config?: Partial<WalrusConfig>;
  readonly settings?: Partial<TrainingSettings>;
  /** Whether every second micro-batch is of a cube. */
  readonly cubes?: boolean;
}

const DRAWS: Partial<WalrusConfig> = { jitter: true, dropPath: 0.3, inputFieldDrop: 0.5 };
const LORA = {
  rank: 2,
  alpha: 8,
  adapts: (name: string) => /(?:fused_ff_qkv|input_head|ff_out|output_head)\.weight$/.test(name),
};
const CASES: Readonly<Record<string, Case>> = {
  "one micro-batch": {},
  "two micro-batches": { settings: { accumulate: 2 } },
  "without draws": { config: { jitter: false, dropPath: 0, inputFieldDrop: 0 } },
  "recomputation of all blocks": { settings: { rematEvery: 1 } },
  "recomputation of every second block": { settings: { rematEvery: 2 } },
  "adapters": { settings: { lora: LORA, rematEvery: 1 } },
  "fp16 weights": { settings: { weights: "f16" } },
  "fp16 weights, two micro-batches": { settings: { weights: "f16", accumulate: 2 } },
  "adapters beside fp16 weights": { settings: { weights: "f16", lora: LORA } },
  "frequencies of each axis, a clip of 1": { config: { rotary: "per_axis" }, settings: { clip: 1 } },
  "planes and cubes": { settings: { accumulate: 2 }, cubes: true },
};
const EXPECTED: Readonly<Record<string, Expected>> = JSON.parse(
  await Deno.readTextFile(fixture("training/steps.json")),
);

/** How far sums in another order may move a loss or a norm. */
const ROUNDING = 1e-6;

for (const [name, expected] of Object.entries(EXPECTED)) {
  Deno.test(`training gives the bits it gave before: ${name}`, async () => {
    const { config, settings: changes, cubes = false } = CASES[name]!;
    const model = tinyModel({ ...DRAWS, ...config });
    const settings = { ...TINY_SETTINGS, ...changes };
    const { accumulate } = settings;
    using device = await wasm({ threads: 1, relaxed: false });
    using trainer = await tinyTrainer(device, {
      model,
      settings,
      trainable: settings.lora ? isAdapter : trainedOf(model),
    });
    const numbers: number[] = [];
    for (let step = 0; step < expected.numbers.length / 2; step++) {
      const batches = Array.from({ length: accumulate }, (_, part) => {
        const index = step * accumulate + part;
        const sample = cubes && part === 1 ? tinySample(index, [32, 32, 32]) : tinySample(index);
        return batchOf([sample], index, model, accumulate);
      });
      const { loss, norm } = await trainer.step(batches, 1e-3);
      numbers.push(loss, norm);
    }
    assert.deepEqual(numbers, expected.numbers);
    numbers.forEach((number, i) =>
      assert.ok(
        Math.abs(number / expected.before[i]! - 1) < ROUNDING,
        `${number}, before ${expected.before[i]}`,
      )
    );
    const { tensors, counts } = await trainer.state();
    assert.equal(Object.keys(counts).length, expected.trained);
    assert.equal(await digest(tensors), expected.state);
  });
}
