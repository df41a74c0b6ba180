// A program on a GPU: pipelines, one uniform buffer, pooled buffers, and a list of dispatches that a run replays.
// Nothing is created in a replay but command encoders, as long as the same buffers are bound.

import { USAGE } from "./flags.ts";
import { slotBytes } from "../../compile/memory_plan.ts";
import type { Executable, Inputs, Job, RunReport } from "../../compile/device.ts";
import type { Program, Slot } from "../../compile/program.ts";
import { at } from "../../ir/types.ts";
import { boundBuffers, copied, missingInput, type Ports, portsOf } from "../jobs.ts";
import { Life, type Turn } from "../queue.ts";
import { allocate, type Copies, copyOut, isBufferOf, put, type WebGpuBuffer } from "./buffer.ts";
import { BINDING_ALIGNMENT, type Operand } from "./dispatch.ts";
import { guarded } from "./errors.ts";
import type { Gpu, Pipeline } from "./gpu.ts";
import { type ProgramDispatch, submitsOf, uniformBytes, workingBytes } from "./dispatches.ts";
import { poolSlots } from "./pool.ts";

/** A dispatch and what runs it. */
export interface Command extends ProgramDispatch {
  readonly pipeline: Pipeline;
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
  readonly #life = new Life("the program");
  /** What ends runs beside buffers of their own. */
  readonly #lives: readonly Life[];
  readonly #ports: Ports;
  /** Stationary inputs by slot. */
  readonly #fixed = new Map<number, GPUBuffer>();
  /** Constants, results of a prologue, and memory of inputs and outputs that were not bound, by slot. */
  readonly #own = new Map<number, GPUBuffer>();
  /** Working memory of single launches. */
  readonly #working: GPUBuffer | null;
  #bound: readonly (GPUBuffer | undefined)[] = [];
  #groups: GPUBindGroup[] = [];
  #hasRun = false;

  /**
   * @param gpu where
   * @param program within the reach of the adapter's bindings
   * @param commands of its dispatches
   * @param stationary buffers of inputs that stay bound, by name
   * @param results memory of inputs that stay bound and become the executable's own, by name
   */
  constructor(
    gpu: Gpu,
    program: Program,
    commands: readonly Command[],
    stationary: ReadonlyMap<string, WebGpuBuffer>,
    results: ReadonlyMap<string, GPUBuffer>,
  ) {
    this.#gpu = gpu;
    this.program = program;
    this.#commands = commands;
    this.#ports = portsOf(program, new Set([...stationary.keys(), ...results.keys()]));
    this.#lives = [gpu.life, this.#life, ...[...stationary.values()].map(({ life }) => life)];
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
      allocate(gpu, size, `working buffer ${i} of ${largest(i)?.name || "unnamed tensors"}`)
    );
    const working = workingBytes(commands);
    this.#working = working > 0 ? allocate(gpu, working, "working memory of a launch") : null;
    const bytes = commands.reduce((sum, { dispatch }) => sum + uniformBytes(dispatch), 0);
    const uniforms = new Uint32Array(Math.max(bytes, BINDING_ALIGNMENT) / 4);
    for (const { dispatch, uniforms: first } of commands) uniforms.set(dispatch.uniforms, first / 4);
    this.#uniform = gpu.device.createBuffer({
      size: uniforms.byteLength,
      usage: USAGE.uniform | USAGE.copyTarget,
      label: "uniforms",
    });
    gpu.device.queue.writeBuffer(this.#uniform, 0, uniforms);
    program.slots.forEach((slot, i) => {
      if (slot.kind === "constant" && slot.data) put(gpu, this.#ownMemory(i), 0, slot.data);
      const buffer = slot.kind === "input" ? stationary.get(slot.name) : undefined;
      if (buffer) this.#fixed.set(i, buffer.buffer);
      const result = slot.kind === "input" ? results.get(slot.name) : undefined;
      if (result) this.#own.set(i, result);
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

  /** Memory of a slot's own. */
  #ownMemory(index: number): GPUBuffer {
    let buffer = this.#own.get(index);
    if (!buffer) {
      const slot = at(this.program.slots, index);
      buffer = allocate(this.#gpu, slotBytes(slot), `${slot.kind} "${slot.name}"`);
      this.#own.set(index, buffer);
    }
    return buffer;
  }

  /** The buffer of every slot; numbers are copied in. */
  #buffers(bound: ReadonlyMap<number, WebGpuBuffer>, inputs: Inputs): (GPUBuffer | undefined)[] {
    return this.program.slots.map((slot, i) => {
      if (slot.kind === "constant") return this.#own.get(i);
      if (slot.kind === "scratch") return this.#pool[this.#assignment[i]!];
      const buffer = bound.get(i)?.buffer ?? this.#fixed.get(i);
      if (buffer) return buffer;
      const numbers = slot.kind === "input" ? inputs[slot.name] : undefined;
      if (slot.kind === "input" && !numbers && !this.#own.has(i)) throw missingInput(slot);
      const own = this.#ownMemory(i);
      if (numbers) put(this.#gpu, own, 0, numbers);
      return own;
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
    this.#groups = this.#commands.map(({ dispatch, pipeline, uniforms }, i) => {
      const operands = [...dispatch.inputs, ...dispatch.outputs];
      const old = this.#groups[i];
      if (old && !operands.some(({ slot }) => slot !== null && changed.has(slot))) return old;
      const size = Math.ceil(dispatch.uniforms.length / 4) * 16;
      const entries = operands.map((operand, k) => this.#entry(k + 1, operand, buffers));
      entries.unshift({ binding: 0, resource: { buffer: this.#uniform, offset: uniforms, size } });
      return this.#gpu.device.createBindGroup({ layout: pipeline.layout, entries });
    });
    this.#bound = buffers;
  }

  async run(job: Job): Promise<{ outputs: Inputs; report: RunReport }> {
    const gpu = this.#gpu;
    const bound = boundBuffers(this.#ports, job, isBufferOf(gpu));
    const inputs = gpu.queue.isIdle ? job.inputs : copied(job.inputs);
    const lives = [...this.#lives, ...[...bound.values()].map(({ life }) => life)];
    const { started, copies } = await gpu.queue.enter(
      { action: "run", lives, signal: job.signal },
      async (turn) => {
        const started = performance.now();
        gpu.checkAlive();
        return { started, copies: await this.#replay(turn, this.#buffers(bound, inputs), job.read) };
      },
    );
    // The results are on their way: the next run need not wait for them.
    const numbers = await copies?.numbers(job.signal) ?? [];
    const outputs = Object.fromEntries(job.read.map((name, i) => [name, at(numbers, i)]));
    return { outputs, report: { milliseconds: performance.now() - started } };
  }

  /**
   * Runs a program all of whose inputs are stationary, within the turn of another entry, and gives everything back but
   * its outputs.
   *
   * @returns memory of the outputs by the names of their slots, the caller's from now on
   */
  async computeOnce(turn: Turn): Promise<Map<string, GPUBuffer>> {
    try {
      await this.#replay(turn, this.#buffers(new Map(), {}), []);
      const outputs = [...this.#ports.open].map(([name, { index }]) =>
        [name, this.#ownMemory(index)] as const
      );
      for (const { index } of this.#ports.open.values()) this.#own.delete(index);
      return new Map(outputs);
    } finally {
      this.#life.end();
      this.#free();
    }
  }

  async #replay(
    turn: Turn,
    buffers: readonly (GPUBuffer | undefined)[],
    read: readonly string[],
  ): Promise<Copies | null> {
    const submit = () => this.#submitAll(turn, buffers, read);
    // What is wrong with a program shows in its first run; later ones need not wait for an answer.
    const copies = this.#hasRun
      ? await submit()
      : await guarded(this.#gpu.device, `run a program of ${this.program.launches.length} launches`, submit);
    this.#hasRun = true;
    return copies;
  }

  /**
   * Submits all dispatches, and copies of what is to be read; the event loop has its turn in between when it is due.
   */
  async #submitAll(
    turn: Turn,
    buffers: readonly (GPUBuffer | undefined)[],
    read: readonly string[],
  ): Promise<Copies | null> {
    const { device, pace } = this.#gpu;
    this.#bind(buffers);
    for (let i = 0; i + 1 < this.#starts.length; i++) {
      if (pace.left === 0) await pace.pause();
      turn.check();
      const started = performance.now();
      this.#submit(this.#starts[i]!, this.#starts[i + 1]!);
      pace.spend(performance.now() - started);
    }
    if (read.length === 0) return null;
    const encoder = device.createCommandEncoder();
    const ranges = read.map((name) => {
      const { index, slot: { dtype, length } } = this.#ports.open.get(name)!;
      return { buffer: buffers[index]!, dtype, from: 0, to: length };
    });
    const copies = copyOut(this.#gpu, ranges, encoder, "run");
    device.queue.submit([encoder.finish()]);
    return copies;
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

  #free(): void {
    const held = [
      this.#uniform,
      ...this.#pool,
      ...this.#own.values(),
      ...this.#working ? [this.#working] : [],
    ];
    for (const buffer of held) buffer.destroy();
    this.#groups = [];
  }

  [Symbol.dispose](): void {
    if (this.#life.end()) this.#gpu.queue.release(() => this.#free());
  }
}
