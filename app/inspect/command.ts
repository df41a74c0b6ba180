// The inspect command: what is in a file, folder, checkpoint, URL or what a Hub has, what is wrong with it, and what a
// network would do with it.

import { isHubName } from "walrus/hub";
import { isRemote } from "walrus/io";
import { locateModel } from "walrus/models";
import { command, type Context, EXIT } from "../cli.ts";
import { hubFor } from "../hub.ts";
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

/** The options with how a Hub is reached, and with the files of a network that is named on one. */
async function located(
  options: InspectOptions,
  what: string,
  context: Context,
): Promise<InspectOptions> {
  const { checkpoint, config } = options;
  const { hub } = hubFor(context, isHubName(what) ? what : null, checkpoint, config);
  if (!hub) return options;
  // Without a checkpoint there are no bytes to be found.
  const given = { checkpoint: checkpoint ?? new Uint8Array(0), ...(config === undefined ? {} : { config }) };
  const place = await locateModel(given, hub, context.registry);
  return {
    ...options,
    hub,
    ...(checkpoint === undefined ? {} : { checkpoint: String(place.checkpoint) }),
    ...(config === undefined ? {} : { config: String(place.config) }),
  };
}

/** The inspect command. */
export const inspect = command<InspectOptions>({
  name: "inspect",
  description:
    "Tells what is in data or in a checkpoint, what is wrong with it, and what a network would do with it.",
  declare: declareOptions,
  async run(given, context, [what = DATA]) {
    const { checkpoint, config } = given;
    const options = await located(given, what, context);
    if (!options.hub && ![what, checkpoint, config].some((name) => name !== undefined && isRemote(name))) {
      await context.dropNetwork?.();
    }
    const { kind, input } = await targetOf(what, options.hub, context.registry);
    const { report, failed } = await INSPECT[kind](input, options, context);
    if (options.json) context.print(JSON.stringify(report, null, 2));
    else for (const line of linesOf(report, options, context.screen)) context.print(line);
    if (failed === null) return EXIT.done;
    context.warn(`error: ${failed}`);
    return EXIT.failed;
  },
});
