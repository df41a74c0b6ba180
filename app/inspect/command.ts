// The inspect command: what is in a file, folder, checkpoint or URL, what is wrong with it, and what a network would do
// with it.

import { isUrl } from "walrus/io";
import { command, type Context, EXIT } from "../cli.ts";
import { DATA } from "../shipped.ts";
import { inspectData } from "./inspect_data.ts";
import {
  inspectCheckpoint,
  inspectConfiguration,
  inspectContents,
  type Inspected,
} from "./inspect_others.ts";
import { type Target, targetOf } from "./kind.ts";
import { declareOptions, type InspectOptions } from "./options.ts";
import { linesOf } from "./print.ts";

const INSPECT: Readonly<
  Record<Target["kind"], (input: string, options: InspectOptions, context: Context) => Promise<Inspected>>
> = {
  data: inspectData,
  checkpoint: inspectCheckpoint,
  configuration: inspectConfiguration,
  arrays: (input) => inspectContents(input, null),
};

/** Whether a name is a URL of another machine. */
function isRemote(name: string | undefined): boolean {
  return name !== undefined && isUrl(name) && !name.startsWith("file:");
}

/** The inspect command. */
export const inspect = command<InspectOptions>({
  name: "inspect",
  description:
    "Tells what is in data or in a checkpoint, what is wrong with it, and what a network would do with it.",
  declare: declareOptions,
  async run(options, context, [what = DATA]) {
    const { checkpoint, config } = options;
    if (![what, checkpoint, config].some(isRemote)) await context.dropNetwork?.();
    const { kind, input } = await targetOf(what);
    const { report, failed } = await INSPECT[kind](input, options, context);
    if (options.json) context.print(JSON.stringify(report, null, 2));
    else for (const line of linesOf(report, options, context.screen)) context.print(line);
    if (failed === null) return EXIT.done;
    context.warn(`error: ${failed}`);
    return EXIT.failed;
  },
});
