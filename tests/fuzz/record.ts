// Many tries in chunks with a record of them: each chunk has a seed of its own, the record is written after every chunk,
// and a run that was stopped goes on where the record ends.

import { processorName } from "../../bench/machine.ts";
import { writeResults } from "../../bench/results.ts";
import configuration from "../../deno.json" with { type: "json" };
import { fuzz } from "./fuzz.ts";
import { Isolated } from "./isolated.ts";
import type { Kind } from "./kinds.ts";

/** What the tries of a kind came to. */
interface Row {
  readonly kind: string;
  readonly tries: number;
  readonly refused: number;
  readonly read: number;
  readonly slowestMilliseconds: number;
  readonly triesPerSecond: number;
  readonly seconds: number;
}

/** A chunk that failed: `--kind`, `--seed` and `--runs` repeat it. */
interface Failure {
  readonly kind: string;
  readonly seed: number;
  readonly runs: number;
  readonly message: string;
}

/** The record. */
export interface FuzzRecord {
  readonly question: string;
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly processor: string;
  /** Tries of a chunk. */
  readonly chunk: number;
  /** Seeds of the first chunk and of the last: chunk `i` has seed `first + i`, and takes the kinds in turn. */
  readonly seeds: readonly [number, number];
  /** Chunks that are done. */
  readonly chunks: number;
  readonly tries: number;
  readonly triesPerSecond: number;
  /** Bytes of memory that a process of the run held at most. */
  readonly peakBytes: number;
  readonly kinds: readonly Row[];
  readonly failures: readonly Failure[];
}

async function readRecord(file: string): Promise<FuzzRecord | null> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function added(rows: readonly Row[], kind: string, own: Omit<Row, "kind" | "triesPerSecond">): Row[] {
  const old = rows.find((row) => row.kind === kind);
  const seconds = (old?.seconds ?? 0) + own.seconds;
  const tries = (old?.tries ?? 0) + own.tries;
  const row: Row = {
    kind,
    tries,
    refused: (old?.refused ?? 0) + own.refused,
    read: (old?.read ?? 0) + own.read,
    slowestMilliseconds: Math.max(old?.slowestMilliseconds ?? 0, own.slowestMilliseconds),
    triesPerSecond: Math.round(tries / seconds),
    seconds: Math.round(seconds * 10) / 10,
  };
  return old ? rows.map((other) => other === old ? row : other) : [...rows, row];
}

/** One chunk on top of a record. */
async function runChunk(before: FuzzRecord, kind: Kind, reader: Isolated): Promise<FuzzRecord> {
  const seed = before.seeds[0] + before.chunks;
  const start = performance.now();
  let tally = { tries: before.chunk, refused: 0, read: 0, slowest: 0, resident: 0 };
  const failures = [...before.failures];
  try {
    tally = await fuzz(kind, before.chunk, seed, undefined, reader);
  } catch (error) {
    const message = String((error as Error).cause ?? (error as Error).message).split("\n")[0]!;
    failures.push({ kind: kind.name, seed, runs: before.chunk, message });
  }
  const { tries, refused, read, slowest, resident } = tally;
  const seconds = (performance.now() - start) / 1000;
  const kinds = added(before.kinds, kind.name, {
    tries,
    refused,
    read,
    slowestMilliseconds: Math.round(slowest),
    seconds,
  });
  const all = kinds.reduce((sum, row) => sum + row.tries, 0);
  return {
    ...before,
    seeds: [before.seeds[0], seed],
    chunks: before.chunks + 1,
    tries: all,
    triesPerSecond: Math.round(all / kinds.reduce((sum, row) => sum + row.seconds, 0)),
    peakBytes: Math.max(before.peakBytes, resident),
    kinds,
    failures,
  };
}

/**
 * Goes on with a record until it has so many tries; the kinds take turns.
 *
 * @param file the record, made where it is missing
 * @param total tries of all kinds together
 * @param chunk tries of a chunk; an older record keeps its own
 * @param kinds what is fuzzed
 * @param seed of the first chunk; an older record keeps its own
 * @param onChunk told after each chunk, when the record is on disk
 */
export async function fuzzOnRecord(
  file: string,
  total: number,
  chunk: number,
  kinds: readonly Kind[],
  seed: number,
  onChunk: (record: FuzzRecord, kind: string) => void = () => {},
): Promise<FuzzRecord> {
  let record = await readRecord(file) ?? {
    question: "Does a broken or hostile file crash, hang, take memory it does not need, or get executed?",
    command: `deno task fuzz --record ${file} --total ${total}`,
    versions: { library: configuration.version, deno: Deno.version.deno, v8: Deno.version.v8 },
    processor: await processorName(),
    chunk,
    seeds: [seed, seed] as const,
    chunks: 0,
    tries: 0,
    triesPerSecond: 0,
    peakBytes: 0,
    kinds: [],
    failures: [],
  };
  // One for all chunks: starting a worker takes as long as hundreds of tries.
  using reader = new Isolated();
  while (record.tries < total) {
    const kind = kinds[record.chunks % kinds.length]!;
    record = {
      ...await runChunk(record, kind, reader),
      command: `deno task fuzz --record ${file} --total ${total}`,
    };
    await writeResults(file, record);
    onChunk(record, kind.name);
  }
  return record;
}
