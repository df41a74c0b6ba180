// Running launches that lie in memory, on all threads. The header and the slot table before them are written by whoever
// has the device's turn.

import { at } from "../../ir/types.ts";
import { CONTROL, CONTROL_BYTES } from "./control.ts";
import type { Allocator } from "./memory.ts";
import type { Pool } from "./threads.ts";

/** Addresses in the header `Program` of wasm/src/run.rs. */
export const HEADER = 6;
/** Bytes of an address: 64 bits, whatever the width of the memory's own. */
export const ADDRESS_BYTES = 8;

/** What runs launches. */
export interface Runner {
  readonly allocator: Allocator;
  readonly threads: number;
  readonly pool: Pool | null;
  /** Address of the control block. */
  readonly control: number;
  /** Runs `program` of the control block as thread 0. */
  readonly run: () => void;
}

/** What a run came to. */
export interface Replayed {
  readonly milliseconds: number;
  /** The first launch that refused its operands, and the index it noted. */
  readonly failure: { readonly launch: number; readonly index: number } | null;
}

/** Writes addresses into memory, one after the other. */
export function putAddresses(
  { allocator }: Pick<Runner, "allocator">,
  place: number,
  addresses: readonly number[],
): void {
  new BigUint64Array(allocator.memory.buffer, place, addresses.length).set(addresses.map(BigInt));
}

/**
 * Runs the launches of a header once.
 *
 * @param header its address
 * @param clock milliseconds so far; those in which workers are started do not count
 */
export async function replay(
  runner: Runner,
  header: number,
  clock: () => number = () => performance.now(),
): Promise<Replayed> {
  const { allocator, threads, pool, control, run } = runner;
  await pool?.claim();
  const started = clock();
  putAddresses(runner, control + 4 * CONTROL.program, [header]);
  const words = new Uint32Array(allocator.memory.buffer, control, CONTROL_BYTES / 4);
  words[CONTROL.threads] = threads;
  words[CONTROL.failedLaunch] = 0;
  pool?.release();
  run();
  const milliseconds = clock() - started;
  const failed = at(words, CONTROL.failedLaunch);
  const failure = failed === 0 ? null : { launch: failed - 1, index: at(words, CONTROL.failedIndex) | 0 };
  return { milliseconds, failure };
}
