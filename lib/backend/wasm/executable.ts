// A program in the device's memory: its launches as bytecode, a table of slot addresses, constants, and memory of
// inputs and outputs that no buffer is bound to. Binding is rewriting the table; a run goes through the launches slice
// by slice.

import type { DeviceBuffer, Executable, Inputs, Job, RunReport } from "../../compile/device.ts";
import type { Program, Slot } from "../../compile/program.ts";
import { at } from "../../ir/types.ts";
import { boundBuffers, copied, missingInput, type Ports, portsOf } from "../jobs.ts";
import type { Pace } from "../pace.ts";
import { Life, type Turn } from "../queue.ts";
import { isBufferOf, type Owner, type WasmBuffer } from "./buffer.ts";
import { lowerLaunch } from "./lower.ts";
import { packLaunches } from "./packed.ts";
import { Region } from "./region.ts";
import { ADDRESS_BYTES, HEADER, putAddresses, replay, type Runner } from "./replay.ts";
import { Slices } from "./slices.ts";
import type { Needs, Workspace } from "./workspace.ts";

/** What an executable uses of its device. */
export interface Host extends Owner, Runner {
  readonly workspace: Workspace;
  readonly pace: Pace;
  /** Bytes of working memory of the launch whose bytecode lies at an address. */
  readonly needsOf: (launch: number) => LaunchNeeds;
}

/** What a launch works in beside its operands. */
export interface LaunchNeeds {
  /** Bytes of each thread. */
  readonly scratch: number;
  /** Bytes all threads share. */
  readonly shared: number;
}

/** See the head of the file. */
export class WasmExecutable implements Executable {
  readonly program: Program;
  readonly #host: Host;
  readonly #needs: Needs;
  /** Bytes of working memory of one thread. */
  readonly #scratch: number;
  /** Header, slot table, launches. */
  readonly #words: number;
  /** Where each launch begins among the words of all launches. */
  readonly #starts: readonly number[];
  readonly #life = new Life("the program");
  /** What ends runs beside buffers of their own. */
  readonly #lives: readonly Life[];
  readonly #ports: Ports;
  readonly #slices: Slices;
  /** Stationary inputs by slot. */
  readonly #fixed = new Map<number, Region>();
  /** Constants, results of a prologue, and memory of inputs and outputs that were not bound, by slot. */
  readonly #own = new Map<number, Region>();

  /**
   * Lowers a program and copies it and its constants in. Takes the device's turn.
   *
   * @param stationary buffers of inputs that stay bound, by name
   * @param results memory of inputs that stay bound and become the executable's own, by name
   * @throws RangeError when memory does not suffice
   */
  constructor(
    host: Host,
    program: Program,
    stationary: ReadonlyMap<string, WasmBuffer>,
    results: ReadonlyMap<string, Region>,
  ) {
    this.#host = host;
    this.program = program;
    this.#ports = portsOf(program, new Set([...stationary.keys(), ...results.keys()]));
    this.#slices = new Slices(program.launches, host.threads);
    this.#lives = [host.life, this.#life, ...[...stationary.values()].map(({ life }) => life)];
    program.slots.forEach(({ kind, name }, i) => {
      const buffer = kind === "input" ? stationary.get(name) : undefined;
      if (buffer) this.#fixed.set(i, buffer.region);
    });
    const packed = [...this.#fixed].flatMap(([i, { packed }]) =>
      packed === null ? [] : [[i, packed] as const]
    );
    const { launches: packedLaunches, unpack } = packLaunches(program, new Map(packed));
    const lowered = packedLaunches.map(lowerLaunch);
    const launches = Uint32Array.from(lowered.flat());
    let start = 0;
    this.#starts = [...lowered, []].map((words) => (start += words.length) - words.length);
    const table = ADDRESS_BYTES * (HEADER + program.slots.length);
    const { allocator } = host;
    this.#words = allocator.allocate(table + 4 * launches.length, "the launches of a program");
    new Uint32Array(allocator.memory.buffer, this.#words + table, launches.length).set(launches);
    const needs = lowered.map((_, i) => host.needsOf(this.#words + table + 4 * at(this.#starts, i)));
    const most = (part: keyof LaunchNeeds) => needs.reduce((n, launch) => Math.max(n, launch[part]), 0);
    this.#scratch = most("scratch");
    this.#needs = {
      arena: program.arenaBytes,
      scratch: this.#scratch * host.threads,
      shared: most("shared"),
    };
    try {
      host.workspace.add(this.#needs);
      program.slots.forEach((slot, i) => {
        if (slot.kind === "constant" && slot.data) this.#ownMemory(i).put(slot.data);
      });
      for (const i of unpack) {
        this.#ownMemory(i).put(this.#fixed.get(i)!.take());
        this.#fixed.delete(i);
      }
    } catch (error) {
      this.#free();
      throw error;
    }
    program.slots.forEach(({ kind, name }, i) => {
      const result = kind === "input" ? results.get(name) : undefined;
      if (result) this.#own.set(i, result);
    });
  }

  /** Memory of a slot's own. */
  #ownMemory(index: number): Region {
    let region = this.#own.get(index);
    if (!region) {
      const { kind, dtype, length, name } = at(this.program.slots, index);
      region = new Region(this.#host.allocator, dtype, length, `${kind} "${name}"`);
      this.#own.set(index, region);
    }
    return region;
  }

  /** Address of a slot that is bound to a buffer or to nothing. */
  #address(slot: Slot, index: number, bound: ReadonlyMap<number, WasmBuffer>): number {
    const { workspace } = this.#host;
    if (slot.kind === "scratch") return workspace.address("arena") + slot.offset;
    const region = bound.get(index)?.region ?? this.#fixed.get(index) ?? this.#own.get(index);
    if (!region && slot.kind === "input") throw missingInput(slot);
    return region?.address ?? 0;
  }

  /** The buffers of a job by slot. */
  #bound(job: Job): Map<number, WasmBuffer> {
    const bound = boundBuffers(this.#ports, job, isBufferOf(this.#host));
    for (const [i, { region }] of bound) {
      if (region.packed === null) continue;
      const { kind, name } = at(this.program.slots, i);
      throw new TypeError(
        `Cannot run: ${kind} "${name}" is a packed matrix, wanted it among the stationary inputs or made without rows`,
      );
    }
    return bound;
  }

  /** Enters a task that runs the program with the buffers of a job. */
  #enter<T>(job: Job, bound: ReadonlyMap<number, WasmBuffer>, task: (turn: Turn) => Promise<T>): Promise<T> {
    const lives = [...this.#lives, ...[...bound.values()].map(({ life }) => life)];
    return this.#host.queue.enter({ action: "run", lives, signal: job.signal }, task);
  }

  /**
   * Runs a program all of whose inputs are stationary, within the turn of another entry, and gives everything back but
   * its outputs.
   *
   * @returns memory of the outputs by the names of their slots, the caller's from now on
   */
  async computeOnce(turn: Turn): Promise<Map<string, Region>> {
    try {
      this.#bind(new Map(), {});
      await this.#replay(turn);
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

  // deno-lint-ignore require-await -- mistakes of the caller are rejections too
  async run(job: Job): Promise<{ outputs: Inputs; report: RunReport }> {
    const bound = this.#bound(job);
    const inputs = this.#host.queue.isIdle ? job.inputs : copied(job.inputs);
    return this.#enter(job, bound, async (turn) => {
      const started = performance.now();
      this.#bind(bound, inputs);
      await this.#replay(turn);
      const outputs = Object.fromEntries(job.read.map((name) => {
        const { index } = this.#ports.open.get(name)!;
        return [name, (bound.get(index)?.region ?? this.#ownMemory(index)).take()];
      }));
      return { outputs, report: { milliseconds: performance.now() - started } };
    });
  }

  /**
   * Runs the program launch by launch.
   *
   * @param buffers of all inputs and outputs
   * @param clock milliseconds so far: the wall's unless given, CPU time on a machine shared with others
   * @returns milliseconds of each launch, some microseconds of overhead each included
   */
  // deno-lint-ignore require-await -- as above
  async profile(
    buffers: ReadonlyMap<string, DeviceBuffer>,
    clock = () => performance.now(),
  ): Promise<number[]> {
    const job: Job = { buffers, inputs: {}, read: [] };
    const bound = this.#bound(job);
    return this.#enter(job, bound, async (turn) => {
      this.#bind(bound, {});
      const times: number[] = [];
      for (let i = 0; i < this.program.launches.length; i++) {
        turn.check();
        times.push(await this.#slice(i, 1, clock));
      }
      return times;
    });
  }

  /** Copies numbers in and writes the slot table. */
  #bind(bound: ReadonlyMap<number, WasmBuffer>, inputs: Inputs): void {
    for (const { slot, index } of this.#ports.open.values()) {
      const numbers = slot.kind === "input" ? inputs[slot.name] : undefined;
      if (numbers || (slot.kind === "output" && !bound.has(index))) this.#ownMemory(index);
      if (numbers) this.#ownMemory(index).put(numbers);
    }
    const addresses = this.program.slots.map((slot, i) => this.#address(slot, i, bound));
    putAddresses(this.#host, this.#words + ADDRESS_BYTES * HEADER, addresses);
  }

  /** Runs all launches; the event loop has its turn in between when it is due. */
  async #replay(turn: Turn): Promise<void> {
    const { pace } = this.#host;
    for (let first = 0; first < this.program.launches.length;) {
      let count = this.#slices.count(first, pace.left);
      if (count === 0) {
        await pace.pause();
        // A launch that takes longer than all that is a slice of its own.
        count = Math.max(1, this.#slices.count(first, pace.left));
      }
      turn.check();
      const milliseconds = await this.#slice(first, count);
      this.#slices.measured(first, count, milliseconds);
      pace.spend(milliseconds);
      first += count;
    }
  }

  /** Runs `count` launches from `first` on; returns milliseconds. */
  async #slice(first: number, count: number, clock = () => performance.now()): Promise<number> {
    const { workspace } = this.#host;
    const table = this.#words + ADDRESS_BYTES * HEADER;
    putAddresses(this.#host, this.#words, [
      table,
      table + ADDRESS_BYTES * this.program.slots.length + 4 * at(this.#starts, first),
      count,
      workspace.address("scratch"),
      this.#scratch,
      workspace.address("shared"),
    ]);
    const { milliseconds, failure } = await replay(this.#host, this.#words, clock);
    if (failure) this.#refuse(first + failure.launch, failure.index);
    return milliseconds;
  }

  #refuse(index: number, value: number): never {
    const launch = at(this.program.launches, index);
    const axis = launch.kernel === "gather" || launch.kernel === "scatterAdd" ? launch.attributes.axis : 0;
    const length = at(
      (launch.kernel === "gather" ? at(launch.inputs, 0) : at(launch.outputs, 0)).shape,
      axis,
    );
    throw new RangeError(
      `Cannot run ${launch.kernel}: index ${value} is outside an axis of ${length} (${
        launch.scope || "no scope"
      })`,
    );
  }

  #free(): void {
    const { allocator, workspace } = this.#host;
    workspace.remove(this.#needs);
    for (const region of this.#own.values()) region.free();
    allocator.free(this.#words);
  }

  [Symbol.dispose](): void {
    if (this.#life.end()) this.#host.queue.release(() => this.#free());
  }
}
