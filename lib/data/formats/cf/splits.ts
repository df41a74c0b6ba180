// The runs of a file of CF variables: of its root, or of its groups, which may be splits.

import type { FileContext, StoredRun } from "../stored/collection.ts";
import { cfRuns } from "./run.ts";
import type { CfGroup } from "./variable.ts";

/** Names of groups that are splits. */
const SPLITS = ["train", "valid", "test"];

/**
 * The runs of a file by split: of its root, or of its groups where the root has no fields.
 *
 * @throws SyntaxError, without the file's name, saying what is missing or wrong
 */
export async function cfSplits(
  root: CfGroup,
  file: string,
  context: Pick<FileContext, "boundaries">,
  warnings: string[],
): Promise<Map<string, StoredRun[]>> {
  try {
    return new Map([["all", await cfRuns(root, file, context, warnings)]]);
  } catch (error) {
    if (!(error instanceof SyntaxError) || root.groups.length === 0) throw error;
    const found: { readonly name: string; readonly runs: StoredRun[] }[] = [];
    const faults: string[] = [];
    for (const group of root.groups) {
      // A group sees the coordinates of the root.
      const variables = new Map([...root.variables, ...group.variables]);
      try {
        found.push({
          name: group.name,
          runs: await cfRuns({ ...group, variables }, file, context, warnings),
        });
      } catch (fault) {
        if (!(fault instanceof SyntaxError)) throw fault;
        faults.push(`group "${group.name}": ${fault.message}`);
      }
    }
    if (found.length === 0) {
      throw new SyntaxError([error.message, ...faults].slice(0, 4).join("; "), { cause: error });
    }
    if (faults.length > 0) warnings.push(`"${file}": ${faults.join("; ")}`.slice(0, 1000));
    const named = SPLITS.filter((split) => found.some(({ name }) => name === split));
    const rest = found.filter(({ name }) => !named.includes(name)).flatMap(({ runs }) => runs);
    if (named.length === 0) return new Map([["all", rest]]);
    return new Map(named.map((split) => [split, found.find(({ name }) => name === split)!.runs]));
  }
}
