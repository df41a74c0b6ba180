// The products and attentions of the released model as programs of one step: what a GPU spends its time on.

import type { Device } from "walrus";
import type { Program } from "walrus/devices";
import { attention, type DType, plan, type Shape, tensor, trace } from "walrus/ir";

const { contract } = tensor;

/** One question to a GPU. */
export interface KernelCase {
  readonly name: string;
  readonly program: (device: Pick<Device, "kernels">) => Program;
}

function product(label: string, spec: string, a: Shape, b: Shape, weights: DType): KernelCase {
  const types = { x: { dtype: "f32", shape: a }, w: { dtype: weights, shape: b } } as const;
  return {
    name: `${label}, ${weights} weights`,
    program: (device) => plan(trace(types, ({ x, w }) => ({ y: contract(spec, x, w) })), device).main.program,
  };
}

function heads(label: string, lead: Shape, rows: number): KernelCase {
  const type = { dtype: "f32", shape: [...lead, rows, 88] } as const;
  const graph = () => trace({ q: type, k: type, v: type }, ({ q, k, v }) => ({ y: attention(q, k, v, 0.1) }));
  return { name: label, program: (device) => plan(graph(), device).main.program };
}

/**
 * Shapes of the model at full size, or so small that a software adapter answers in seconds.
 *
 * @param full whether at full size
 */
export function kernelCases(full: boolean): KernelCase[] {
  const [width, rows, fused] = full ? [1408, 6144, 9856] : [352, 256, 704];
  const [tokens, deep, frames] = full ? [1024, 4913, 6] : [128, 289, 6];
  const lead = full ? [frames, 16] : [1, 2];
  const both = ["f32", "f16"] as const;
  return [
    ...both.map((t) =>
      product(`product ${tokens}x${width}x${width}`, "mk,nk->mn", [tokens, width], [width, width], t)
    ),
    ...both.map((t) =>
      product(`product ${rows}x${fused}x${width}`, "mk,nk->mn", [rows, width], [fused, width], t)
    ),
    product(`gradient ${fused}x${width}x${rows}`, "km,kn->mn", [rows, fused], [rows, width], "f32"),
    heads(`attention of ${tokens} tokens, ${lead.join("x")} heads of 88`, lead, tokens),
    heads(`attention of ${deep} tokens, ${lead.join("x")} heads of 88`, lead, deep),
    heads(`attention of ${frames} frames, ${tokens}x16 heads of 88`, [tokens, 16], frames),
  ];
}
