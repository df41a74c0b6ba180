// A data set from what a reader of some format gives: named splits that are opened once, and an end.

import type { Dataset, Split } from "./dataset.ts";
import { type Lifetime, once } from "./lifetime.ts";
import { statisticsBeside } from "./reader.ts";
import type { Source } from "./source.ts";

/** What a format gives for a data set. */
export interface DatasetParts {
  readonly name: string;
  readonly format: string;
  readonly source: Source;
  /** Ends when the data set is disposed of; what is read asks it. */
  readonly lifetime: Lifetime;
  /** What was odd so far. */
  warnings(): readonly string[];
  /** Opens each split; called once. */
  readonly splits: ReadonlyMap<string, () => Promise<Split>>;
  /** Closes the files. */
  close(): void;
}

/** A data set. */
export function makeDataset(parts: DatasetParts): Dataset {
  const { name, format, source, lifetime } = parts;
  const splits = [...parts.splits.keys()];
  const open = new Map([...parts.splits].map(([split, read]) => [split, once(read)]));
  return {
    name,
    format,
    splits,
    get warnings() {
      return parts.warnings();
    },
    split: (split = splits[0]!) =>
      lifetime.run(`split "${split}"`, () => {
        const read = open.get(split);
        if (read) return read();
        throw new RangeError(`Data set "${name}" has no split "${split}", it has ${splits.join(", ")}`);
      }),
    statistics: () => lifetime.run("statistics", () => statisticsBeside(source)),
    [Symbol.dispose]() {
      if (lifetime.ended) return;
      lifetime.end();
      parts.close();
    },
  };
}
