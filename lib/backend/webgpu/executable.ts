// A program on a GPU: pipelines, one uniform buffer, pooled buffers, and a list of dispatches that a run replays. Nothing
// is created in a replay but command encoders, as long as the same buffers are bound.

import { USAGE } from "./flags.ts";
import { slotBytes } from "../../compile/plan.ts";
import type { Buffer, Executable, Program, RunReport, Slot } from "../../compile/program.ts";
import { allocate, WebGpuBuffer } from "./buffer.ts";
import { BINDING_ALIGNMENT, type Operand } from "./dispatch.ts";
import { guarded } from "./errors.ts";
import type { Gpu, Pipeline } from "./gpu.ts";
import { fitted, launchesOf, type ProgramLaunch, submitsOf, uniformBytes, workingBytes } from "./launches.ts";
import { poolSlots } from "./pool.ts";

interface Command extends ProgramLaunch {
  readonly pipeline: Pipeline;
}

/** Makes a program resident. */
export async function loadProgram(gpu: Gpu, compiled: Program): Promise<WebGpuExecutable> {
  gpu.checkAlive();
  const program = fitted(compiled, gpu.target);
  const what = `load a program of ${program.steps.length} steps`;
  return await guarded(gpu.device, what, async () => {
    const commands = await Promise.all(
      launchesOf(program, gpu.target).map(async (launch): Promise<Command> => ({
        ...launch,
        pipeline: await gpu.pipeline(launch.dispatch.parts),
      })),
    );
    return new WebGpuExecutable(gpu, program, commands);
  });
}

/** See the head of the file. */
export class WebGpuExecutable implements Executable {
  readonly program: Program;
  readonly #gpu: Gpu;
  readonly #commands: readonly Command[];
  readonly #starts: readonly number[];
  readonly #uniform: GPUBuffer;
  readonly #pool: readonly GPUBuffer[];
  readonly #assignment: readonly number[];
  readonly #constants = new Map<number, WebGpuBuffer>();
  /** Working memory of single steps. */
  readonly #working: GPUBuffer | null;
  #bound: readonly (GPUBuffer | undefined)[] = [];
  #groups: GPUBindGroup[] = [];
  #hasRun = false;
  #disposed = false;

  constructor(gpu: Gpu, program: Program, commands: readonly Command[]) {
    this.#gpu = gpu;
    this.program = program;
    this.#commands = commands;
    this.#starts = submitsOf(commands);
    const { sizes, assignment } = poolSlots(program);
    this.#assignment = assignment;
    // Errors name the largest tensor that lives in a buffer.
    const largest = (buffer: number) =>
      program.slots.reduce<Slot | null>(
        (best, slot, i) =>
          assignment[i] === buffer && slotBytes(slot) > (best ? slotBytes(best) : 0) ? slot : best,
        null,
      );
    this.#pool = sizes.map((size, i) =>
      allocate(gpu, size, 0, `working buffer ${i} of ${largest(i)?.name || "unnamed tensors"}`)
    );
    const working = workingBytes(commands);
    this.#working = working > 0 ? allocate(gpu, working, 0, "working memory of a step") : null;
    const bytes = commands.reduce((sum, { dispatch }) => sum + uniformBytes(dispatch), 0);
    const words = new Uint32Array(Math.max(bytes, BINDING_ALIGNMENT) / 4);
    for (const { dispatch, words: first } of commands) words.set(dispatch.words, first / 4);
    this.#uniform = gpu.device.createBuffer({
      size: words.byteLength,
      usage: USAGE.uniform | USAGE.copyTarget,
      label: "words",
    });
    gpu.device.queue.writeBuffer(this.#uniform, 0, words);
    program.slots.forEach((slot, i) => {
      if (slot.kind !== "constant" || !slot.data) return;
      const buffer = new WebGpuBuffer(gpu, slot.dtype, slot.length, `constant ${slot.name}`);
      buffer.write(slot.data);
      this.#constants.set(i, buffer);
    });
  }

  /** Bytes of the pooled buffers. */
  get poolBytes(): number {
    return this.#pool.reduce((sum, { size }) => sum + size, 0);
  }

  /** Submits of a run. */
  get submits(): number {
    return this.#starts.length - 1;
  }

  /** Dispatches of a run. */
  get dispatches(): number {
    return this.#commands.length;
  }

  /** The buffer of every slot under the given bindings. */
  #buffers(bindings: ReadonlyMap<string, Buffer>): (GPUBuffer | undefined)[] {
    return this.program.slots.map((slot, i) => {
      if (slot.kind === "constant") return this.#constants.get(i)?.buffer;
      if (slot.kind === "scratch") return this.#pool[this.#assignment[i]!];
      const buffer = bindings.get(slot.name);
      const fail = (found: string, wanted: string) =>
        new TypeError(`Cannot run: ${slot.kind} "${slot.name}" is ${found}, wanted ${wanted}`);
      if (!buffer) throw fail("not bound", `a buffer of ${slot.length} ${slot.dtype}`);
      if (!(buffer instanceof WebGpuBuffer) || buffer.gpu !== this.#gpu) {
        throw fail("a buffer of another device", "one of this device");
      }
      if (buffer.dtype !== slot.dtype || buffer.length !== slot.length) {
        throw fail(`${buffer.length} ${buffer.dtype}`, `${slot.length} ${slot.dtype}`);
      }
      return buffer.buffer;
    });
  }

  #entry(binding: number, operand: Operand, buffers: readonly (GPUBuffer | undefined)[]): GPUBindGroupEntry {
    const { slot, start, bytes } = operand;
    const buffer = slot === null ? this.#working : buffers[slot];
    return { binding, resource: { buffer: buffer!, offset: start, size: bytes } };
  }

  /** Makes bind groups where other buffers are bound than in the last run. */
  #bind(buffers: readonly (GPUBuffer | undefined)[]): void {
    const changed = new Set(buffers.flatMap((buffer, i) => buffer === this.#bound[i] ? [] : [i]));
    const isFirst = this.#groups.length === 0;
    if (changed.size === 0 && !isFirst) return;
    this.#groups = this.#commands.map(({ dispatch, pipeline, words }, i) => {
      const operands = [...dispatch.inputs, ...dispatch.outputs];
      const old = this.#groups[i];
      if (old && !operands.some(({ slot }) => slot !== null && changed.has(slot))) return old;
      const size = Math.ceil(dispatch.words.length / 4) * 16;
      const entries = operands.map((operand, k) => this.#entry(k + 1, operand, buffers));
      entries.unshift({ binding: 0, resource: { buffer: this.#uniform, offset: words, size } });
      return this.#gpu.device.createBindGroup({ layout: pipeline.layout, entries });
    });
    this.#bound = buffers;
  }

  async run(bindings: ReadonlyMap<string, Buffer>): Promise<RunReport> {
    if (this.#disposed) throw new RangeError("Cannot run: the program is disposed of");
    this.#gpu.checkAlive();
    const started = performance.now();
    const replay = () => {
      this.#bind(this.#buffers(bindings));
      for (let i = 0; i + 1 < this.#starts.length; i++) this.#submit(this.#starts[i]!, this.#starts[i + 1]!);
    };
    // What is wrong with a program shows in its first run; later ones need not wait for an answer.
    if (this.#hasRun) replay();
    else await guarded(this.#gpu.device, `run a program of ${this.program.steps.length} steps`, replay);
    this.#hasRun = true;
    return { milliseconds: performance.now() - started };
  }

  #submit(first: number, last: number): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = first; i < last; i++) {
      const { dispatch, pipeline } = this.#commands[i]!;
      pass.setPipeline(pipeline.pipeline);
      pass.setBindGroup(0, this.#groups[i]!);
      pass.dispatchWorkgroups(...dispatch.groups);
    }
    pass.end();
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#uniform.destroy();
    this.#working?.destroy();
    for (const buffer of this.#pool) buffer.destroy();
    for (const buffer of this.#constants.values()) buffer[Symbol.dispose]();
    this.#groups = [];
  }
}
