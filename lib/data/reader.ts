// What a reader of a file format offers. Readers are found by content: each says whether it can read what was given, or
// what it lacks.

import type { BoundaryNames } from "./boundaries.ts";
import type { Dataset } from "./dataset.ts";
import type { Masks } from "./masks.ts";
import type { Source } from "./source.ts";
import { readStatistics, type Statistics } from "./statistics.ts";

/** How data are read. */
export interface OpenOptions {
  /** Fields that are masks besides those of the usual names, or against their polarity. */
  readonly masks?: Masks;
  /** What kinds of boundary besides wall, open and periodic are taken for; refused unless given. */
  readonly boundaries?: BoundaryNames;
}

/** What is wrong with a file, or odd in it. */
export interface Fault {
  /** Path or URL of the file. */
  readonly file: string;
  /** In words, as the reader's errors have them: `group "t0_fields" is missing`. */
  readonly what: string;
  /** Whether the file can not be read because of it. */
  readonly fatal: boolean;
}

/** Reads one format. */
export interface Reader {
  /** Its name: `well`, `arrays`. */
  readonly format: string;
  /**
   * Whether it can read this, by looking at as little as needed.
   *
   * @returns true, or what is lacking, in words
   */
  recognise(source: Source): Promise<true | string>;
  /**
   * Opens what it recognised.
   *
   * @throws SyntaxError naming the file, what is in it and what was wanted
   */
  open(source: Source, options?: OpenOptions): Promise<Dataset>;
  /**
   * Everything that is wrong with what it recognised, where `open` names the first fault alone; no field is read.
   * Absent: the fault that `open` names.
   */
  faults?(source: Source): Promise<readonly Fault[]>;
}

const STATISTICS = /(?:^|\/)stats\.ya?ml$/;

/** The `stats.yaml` that lies nearest to the top of a source; null where there is none. */
export async function statisticsBeside({ files }: Source): Promise<Statistics | null> {
  const depth = (name: string) => name.split("/").length;
  const names = [...files.keys()].filter((name) => STATISTICS.test(name)).sort((a, b) => depth(a) - depth(b));
  const open = names[0] === undefined ? undefined : files.get(names[0]);
  return open ? await readStatistics(await open()) : null;
}
