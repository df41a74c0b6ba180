// The evaluate command: the short form, or a whole evaluation in a folder.

import { command } from "../cli.ts";
import { compareFiles } from "./compare_files.ts";
import { checkpointsOf, declareOptions, folderOfEvaluation, type Options, USUAL_ROLLOUT } from "./options.ts";
import { evaluateQuickly } from "./quick.ts";
import { evaluateWhole } from "./whole.ts";

/** The evaluate command. */
export const evaluate = command<Options>({
  name: "evaluate",
  description:
    "Scores checkpoints on data sets beside trivial forecasts: VRMSE as a table, or with --out FOLDER, " +
    "--protocol, .. every metric of one step and rollouts, with intervals and a report. " +
    "--compare A.json B.json compares two of them.",
  declare: declareOptions,
  aliases: { "--reuse": "--kv-cache" },
  interrupted: "what a whole evaluation has done stays, the same command goes on",
  async run(options, context, operands, args) {
    if (options.compare) return await compareFiles(options, context, operands);
    const out = folderOfEvaluation(options);
    if (out !== null) return await evaluateWhole(options, out, context, operands, args);
    const { split = "valid", rollout = USUAL_ROLLOUT, jitter = false } = options;
    const checkpoint = checkpointsOf(options)[0]!;
    await evaluateQuickly({ ...options, split, rollout, jitter, checkpoint }, context, operands, args);
  },
});
