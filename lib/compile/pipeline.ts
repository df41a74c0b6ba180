// From a traced graph to a plan (temporary form).

import { rematerialize, type RematPolicy } from "../autodiff/remat.ts";
import type { Graph } from "../ir/trace.ts";
import { Compiled, computeOnce, optimize, type PassObserver } from "./compile.ts";
import type { Device, DeviceBuffer, Executable, Inputs, Job, RunReport } from "./device.ts";
import { hoist } from "./hoist.ts";
import { lower } from "./lower.ts";
import type { Program } from "./program.ts";
import { roundProducts } from "./round_products.ts";

export interface CompileOptions {
  readonly stationary?: (input: string) => boolean;
  readonly recompute?: readonly string[];
  readonly quantise?: boolean;
  readonly observe?: PassObserver;
}
export interface Part {
  readonly graph: Graph;
  readonly program: Program;
}
export interface Plan {
  readonly prologue: Part | null;
  readonly main: Part;
  readonly matrices: ReadonlyMap<string, number>;
  readonly bytes: { readonly stationary: number; readonly working: number };
}
export function plan(
  given: Graph,
  device: Pick<Device, "kernels">,
  { stationary, recompute = [], quantise, observe }: CompileOptions = {},
): Plan {
  let graph = given;
  if (recompute.length > 0) {
    const policy: RematPolicy = (scope) =>
      recompute.find((name) => scope === name || scope.startsWith(`${name}/`)) ?? null;
    graph = rematerialize(graph, policy);
  }
  if (quantise) graph = roundProducts(graph);
  const { once, each } = hoist(optimize(graph, device, observe), stationary ?? (() => false));
  const main = { graph: each, program: lower(each) };
  const prologue = once.outputs.size > 0 ? { graph: once, program: lower(once) } : null;
  const { input, output, constant } = main.program.bytes;
  const held = main.program.slots.reduce(
    (n, s) =>
      s.kind === "input" && stationary?.(s.name)
        ? n + s.length * (s.dtype === "i8" ? 1 : s.dtype === "f16" ? 2 : 4)
        : n,
    0,
  );
  const working = main.program.arenaBytes + input - held + output + constant;
  return { prologue, main, matrices: new Map(), bytes: { stationary: held, working } };
}
export async function loadPlan(
  device: Device,
  { prologue, main }: Plan,
  stationary: ReadonlyMap<string, DeviceBuffer>,
): Promise<Executable> {
  const kept = prologue
    ? await computeOnce(device, prologue.graph, prologue.program, stationary)
    : new Map<string, DeviceBuffer>();
  const executable = await device.load(main.program);
  return {
    program: executable.program,
    run: (job: Job): Promise<{ outputs: Inputs; report: RunReport }> =>
      executable.run({ ...job, buffers: new Map([...stationary, ...kept, ...job.buffers]) }),
    [Symbol.dispose]() {
      executable[Symbol.dispose]();
      for (const b of kept.values()) b[Symbol.dispose]();
    },
  };
}
export async function compile(device: Device, graph: Graph, options: CompileOptions = {}): Promise<Compiled> {
  const planned = plan(graph, device, options);
  return new Compiled(planned.main.graph, await loadPlan(device, planned, new Map()), new Map());
}
