// A program in the device's memory: its steps as bytecode, a table of slot addresses, constants. Binding buffers is
// rewriting the table.

import { slotBytes } from "../../compile/plan.ts";
import type { Buffer, Executable, Program, RunReport, Slot } from "../../compile/program.ts";
import { at, type HostArray } from "../../ir/types.ts";
import { WasmBuffer } from "./buffer.ts";
import { CONTROL, CONTROL_BYTES } from "./control.ts";
import { lowerStep } from "./lower.ts";
import type { Allocator } from "./memory.ts";
import type { Pool } from "./threads.ts";
import type { Needs, Workspace } from "./workspace.ts";

/** What an executable uses of its device. */
export interface Host {
  readonly allocator: Allocator;
  readonly workspace: Workspace;
  readonly threads: number;
  readonly pool: Pool | null;
  readonly control: number;
  /** Runs `program` of the control block as thread 0. */
  readonly run: () => void;
  /** Bytes of working memory of the step whose bytecode lies at an address. */
  readonly needsOf: (step: number) => StepNeeds;
  /** Runs wait for one another, also while workers start. */
  inTurn<T>(task: () => Promise<T>): Promise<T>;
}

/** What a step works in beside its operands. */
export interface StepNeeds {
  /** Bytes of each thread. */
  readonly scratch: number;
  /** Bytes all threads share. */
  readonly shared: number;
}

/** Addresses in the header `Program` of wasm/src/run.rs. */
export const HEADER = 6;
/** Bytes of an address: 64 bits, whatever the width of the memory's own. */
const ADDRESS_BYTES = 8;

/** See the head of the file. */
export class WasmExecutable implements Executable {
  readonly program: Program;
  readonly #host: Host;
  readonly #needs: Needs;
  /** Bytes of working memory of one thread. */
  readonly #scratch: number;
  /** Header, slot table, steps. */
  readonly #words: number;
  /** Where each step begins among the words of all steps. */
  readonly #starts: readonly number[];
  /** Addresses of the constants by slot. */
  readonly #constants = new Map<number, number>();
  #disposed = false;

  /**
   * Lowers a program and copies it and its constants in.
   *
   * @throws RangeError when memory does not suffice
   */
  constructor(host: Host, program: Program) {
    this.#host = host;
    this.program = program;
    const lowered = program.steps.map(lowerStep);
    const steps = Uint32Array.from(lowered.flat());
    let start = 0;
    this.#starts = [...lowered, []].map((words) => (start += words.length) - words.length);
    const table = ADDRESS_BYTES * (HEADER + program.slots.length);
    const { allocator } = host;
    this.#words = allocator.allocate(table + 4 * steps.length, "the steps of a program");
    new Uint32Array(allocator.memory.buffer, this.#words + table, steps.length).set(steps);
    const needs = lowered.map((_, i) => host.needsOf(this.#words + table + 4 * at(this.#starts, i)));
    const most = (part: keyof StepNeeds) => needs.reduce((n, step) => Math.max(n, step[part]), 0);
    this.#scratch = most("scratch");
    this.#needs = {
      arena: program.arenaBytes,
      scratch: this.#scratch * host.threads,
      shared: most("shared"),
    };
    try {
      host.workspace.add(this.#needs);
      program.slots.forEach((slot, i) => {
        if (slot.kind === "constant" && slot.data) this.#constants.set(i, this.#place(slot, slot.data));
      });
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  #place(slot: Slot, data: HostArray): number {
    const { allocator } = this.#host;
    const address = allocator.allocate(slotBytes(slot), `constant "${slot.name}"`);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    new Uint8Array(allocator.memory.buffer, address, bytes.length).set(bytes);
    return address;
  }

  /** Address of every slot under the given bindings. */
  #addresses(bindings: ReadonlyMap<string, Buffer>): number[] {
    const { allocator, workspace } = this.#host;
    const arena = workspace.address("arena");
    return this.program.slots.map((slot, i) => {
      if (slot.kind === "constant") return this.#constants.get(i) ?? 0;
      if (slot.kind === "scratch") return arena + slot.offset;
      const buffer = bindings.get(slot.name);
      const fail = (found: string, wanted: string) =>
        new TypeError(`Cannot run: ${slot.kind} "${slot.name}" is ${found}, wanted ${wanted}`);
      if (!buffer) throw fail("not bound", `a buffer of ${slot.length} ${slot.dtype}`);
      if (!(buffer instanceof WasmBuffer) || !buffer.isIn(allocator)) {
        throw fail("a buffer of another device", "one of this device");
      }
      if (buffer.dtype !== slot.dtype || buffer.length !== slot.length) {
        throw fail(`${buffer.length} ${buffer.dtype}`, `${slot.length} ${slot.dtype}`);
      }
      if (buffer.panelColumns !== slot.panelColumns) {
        const text = (columns?: number) =>
          columns === undefined ? "row by row" : `in panels of ${columns} columns`;
        throw fail(text(buffer.panelColumns), text(slot.panelColumns));
      }
      return buffer.address;
    });
  }

  run(bindings: ReadonlyMap<string, Buffer>): Promise<RunReport> {
    return this.#host.inTurn(async () => {
      this.#bind(bindings);
      return { milliseconds: await this.#replay(0, this.program.steps.length) };
    });
  }

  /**
   * Runs the program step by step.
   *
   * @param bindings as for `run`
   * @param clock milliseconds so far: the wall's unless given, CPU time on a machine shared with others
   * @returns milliseconds of each step, some microseconds of overhead each included
   */
  profile(bindings: ReadonlyMap<string, Buffer>, clock = () => performance.now()): Promise<number[]> {
    return this.#host.inTurn(async () => {
      this.#bind(bindings);
      const times: number[] = [];
      for (let i = 0; i < this.program.steps.length; i++) times.push(await this.#replay(i, 1, clock));
      return times;
    });
  }

  /** Writes the slot table. */
  #bind(bindings: ReadonlyMap<string, Buffer>): void {
    if (this.#disposed) throw new RangeError("Cannot run: the program is disposed of");
    this.#putAddresses(this.#words + ADDRESS_BYTES * HEADER, this.#addresses(bindings));
  }

  /** Writes addresses into memory, one after the other. */
  #putAddresses(at: number, addresses: readonly number[]): void {
    const { buffer } = this.#host.allocator.memory;
    new BigUint64Array(buffer, at, addresses.length).set(addresses.map(BigInt));
  }

  /** Runs `count` steps from `first` on; returns milliseconds. */
  async #replay(first: number, count: number, clock = () => performance.now()): Promise<number> {
    const { allocator, workspace, threads, pool, control, run } = this.#host;
    await pool?.claim();
    const started = clock();
    const table = this.#words + ADDRESS_BYTES * HEADER;
    this.#putAddresses(this.#words, [
      table,
      table + ADDRESS_BYTES * this.program.slots.length + 4 * at(this.#starts, first),
      count,
      workspace.address("scratch"),
      this.#scratch,
      workspace.address("shared"),
    ]);
    this.#putAddresses(control + 4 * CONTROL.program, [this.#words]);
    const words = new Uint32Array(allocator.memory.buffer, control, CONTROL_BYTES / 4);
    words[CONTROL.threads] = threads;
    words[CONTROL.failedStep] = 0;
    pool?.release();
    run();
    const failed = at(words, CONTROL.failedStep);
    if (failed !== 0) this.#refuse(first + failed - 1, at(words, CONTROL.failedIndex) | 0);
    return clock() - started;
  }

  #refuse(index: number, value: number): never {
    const step = at(this.program.steps, index);
    const axis = step.kernel === "gather" || step.kernel === "scatterAdd" ? step.attributes.axis : 0;
    const length = at((step.kernel === "gather" ? at(step.inputs, 0) : at(step.outputs, 0)).shape, axis);
    throw new RangeError(
      `Cannot run ${step.kernel}: index ${value} is outside an axis of ${length} (${
        step.scope || "no scope"
      })`,
    );
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const { allocator, workspace } = this.#host;
    workspace.remove(this.#needs);
    for (const address of this.#constants.values()) allocator.free(address);
    allocator.free(this.#words);
  }
}
