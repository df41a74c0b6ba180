// Programs that a GPU's bindings are too small for, cut where it is hardest: along windows, along the terms of a sum,
// where no cut suffices and operands are packed.

import { webgpu } from "../../../lib/backend/webgpu/device.ts";
import { attention } from "../../../lib/ir/fused/attention.ts";
import { apply, number, operand } from "../../../lib/ir/scalar.ts";
import { fold, permute, reshape, sliceAxis } from "../../../lib/ir/tensor.ts";
import { contractNode } from "../../cases/contract_cases.ts";
import { SMALL_BINDINGS } from "../../devices.ts";
import { f32, type OpCase, sumOf } from "../../op_case.ts";
import { assertEvaluates, preparedCase } from "../../run_case.ts";
import { gpuTest } from "./adapter.ts";

gpuTest("fold on WebGPU is cut along its windows where nothing else is left to cut", async (device) => {
  for (const [windows, size, stride] of [[40, 13, 3], [301, 2, 2], [150, 3, 5]] as const) {
    const test: OpCase = {
      name: `${windows} windows of ${size}, ${stride} apart`,
      operands: [f32([windows, size])],
      rounding: sumOf(Math.ceil(size / stride)),
      build: (x) => fold(x!, 0, stride, (windows - 1) * stride + size + 2),
    };
    await assertEvaluates(device, preparedCase(test, "plain", 5), test.rounding, test.name);
  }
}, () => webgpu(SMALL_BINDINGS));

gpuTest(
  "contract on WebGPU sums in parts what it can not bind at once, then applies its epilogue",
  async (device) => {
    const half = apply("mul", operand(0), number(0.5));
    const test: OpCase = {
      name: "700 terms",
      operands: [f32([3, 700]), f32([5, 700]), f32([3, 5])],
      rounding: sumOf(700),
      build: (x, y, bias) => contractNode("mk,nk->mn", apply("add", half, operand(1)), x!, y!, bias!),
    };
    await assertEvaluates(device, preparedCase(test, "plain", 5), test.rounding, test.name);
  },
  () => webgpu(SMALL_BINDINGS),
);

gpuTest("attention on WebGPU packs keys and values that no cut brings within a binding", async (device) => {
  const rows = 16;
  const test: OpCase = {
    name: "heads of a wide projection",
    operands: [f32([rows, 5, 2, 3, 8])],
    rounding: { ...sumOf(rows), limit: 8 * sumOf(rows).limit },
    build: (x) => {
      const part = (i: number) => permute(reshape(sliceAxis(x!, 1, i, 1), [rows, 2, 3, 8]), [1, 2, 0, 3]);
      return attention(part(0), part(1), part(2), 0.3);
    },
  };
  await assertEvaluates(device, preparedCase(test, "plain", 5), test.rounding, test.name);
}, () => webgpu(SMALL_BINDINGS));
