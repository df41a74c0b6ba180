// The share of lines that tests run, from what `deno coverage --lcov` prints.

/** Lines of a file, and those of them that ran. */
export interface Covered {
  readonly file: string;
  readonly lines: number;
  readonly ran: number;
}

/**
 * Reads records of the LCOV format: `SF:` names a file, `DA:line,count` a line and how often it ran.
 *
 * @param lcov the text
 * @throws SyntaxError when there is no record
 */
export function readLcov(lcov: string): Covered[] {
  const records = lcov.split("end_of_record").flatMap((record): Covered[] => {
    const file = /^SF:(.+)$/m.exec(record)?.[1];
    const counts = [...record.matchAll(/^DA:\d+,(\d+)/gm)].map((match) => Number(match[1]));
    return file === undefined
      ? []
      : [{ file, lines: counts.length, ran: counts.filter((count) => count > 0).length }];
  });
  if (records.length === 0) throw new SyntaxError("Cannot read coverage: there is no record of a file");
  return records;
}

/** Percent of the lines of some files that ran. */
export function shareOf(files: readonly Covered[]): number {
  const sum = (of: (file: Covered) => number) => files.reduce((n, file) => n + of(file), 0);
  return 100 * sum(({ ran }) => ran) / sum(({ lines }) => lines);
}

/** Files of a folder of the repository, made ones left out. */
export function within(files: readonly Covered[], folder: string): Covered[] {
  return files.filter(({ file }) => file.includes(`/${folder}/`) && !file.includes("/wasm/modules/"));
}
