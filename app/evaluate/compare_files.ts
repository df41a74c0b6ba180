// Two evaluations that were written, compared: lines, and with `--out FOLDER` a report.

import { writeFileAtomic } from "walrus/io";
import { type Context, EXIT } from "../cli.ts";
import { checkOutputs } from "../outputs.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Options } from "./options.ts";
import { compareEvaluations } from "./report/compare.ts";
import { comparisonLines, comparisonReport } from "./report/compare_report.ts";

/**
 * Reads an evaluation.
 *
 * @param path of `evaluation.json`, or its folder
 * @throws SyntaxError for another file, RangeError for a version that is not known
 */
export async function readEvaluation(path: string): Promise<Evaluation> {
  const isDirectory = await Deno.stat(path).then((info) => info.isDirectory, (error) => {
    if (error instanceof Deno.errors.NotFound) {
      throw new RangeError(`Cannot open "${path}": there is no such file`);
    }
    throw error;
  });
  const file = isDirectory ? `${path.replace(/[/\\]+$/, "")}/evaluation.json` : path;
  let found: Partial<Evaluation>;
  try {
    found = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`Cannot read "${file}" as an evaluation: it is no JSON`);
  }
  if (!Array.isArray(found?.datasets) || !Array.isArray(found.checkpoints)) {
    throw new SyntaxError(
      `Cannot read "${file}" as an evaluation: it has no data sets and checkpoints, wanted what ` +
        "deno task evaluate writes into a folder",
    );
  }
  if (found.version !== 1) {
    throw new RangeError(`Cannot read "${file}": its version is ${found.version}, wanted 1`);
  }
  return found as Evaluation;
}

/**
 * Compares two files.
 *
 * @param options of the command
 * @param context around it
 * @param files both evaluations
 * @returns the exit code
 */
export async function compareFiles(
  { out, force, json }: Pick<Options, "out" | "force" | "json">,
  { print, warn, signal }: Context,
  files: readonly string[],
): Promise<number> {
  if (files.length !== 2) {
    warn(`--compare has ${files.length} evaluations, wanted two`);
    return EXIT.misused;
  }
  const names = out === undefined ? [] : ["md", "html"].map((end) => `${out}/comparison.${end}`);
  if (out !== undefined) await checkOutputs({ files: names, force });
  const [a, b] = [await readEvaluation(files[0]!), await readEvaluation(files[1]!)];
  const comparison = compareEvaluations(a, b);
  const tell = json ? warn : print;
  for (const note of comparison.notes) warn(`note: ${note}`);
  for (const line of comparisonLines(comparison)) tell(line);
  if (out !== undefined) {
    const { markdown, html } = comparisonReport(a, b, comparison);
    await Deno.mkdir(out, { recursive: true });
    for (const [i, text] of [markdown, html].entries()) {
      await writeFileAtomic(names[i]!, new TextEncoder().encode(text), signal);
    }
    tell(`wrote ${names.join(" and ")}`);
  }
  if (json) print(JSON.stringify(comparison));
  return EXIT.done;
}
