// The scenarios command: the data sets of the paper, as a list or one by one.

import { didYouMean } from "walrus/data";
import { type Scenario, scenarioOf, SCENARIOS } from "walrus/models/walrus";
import { choice, command } from "../cli.ts";
import { listOf, pageOf } from "./describe.ts";

interface Options {
  readonly stage?: Scenario["stage"];
  readonly json: boolean;
}

/** The scenarios command. */
export const scenarios = command<Options>({
  name: "scenarios",
  description:
    "Tells the data sets that the network was trained and scored on: grid, fields, boundaries, quirks.",
  declare: (reader) => {
    reader
      .argument("[name]", "one of them, for all there is to know")
      .addOption(choice("--stage <stage>", "those of one stage", ["pretraining", "downstream"]))
      .option("--json", "as JSON", false);
  },
  run({ stage, json }, { print }, [name]) {
    const chosen = SCENARIOS.filter((scenario) => (stage ?? scenario.stage) === scenario.stage);
    if (name === undefined) {
      for (const line of json ? [JSON.stringify(chosen, null, 2)] : listOf(chosen)) print(line);
      return Promise.resolve();
    }
    const found = scenarioOf(name);
    if (!found) {
      const names = SCENARIOS.map((scenario) => scenario.name);
      const meant = didYouMean(name, names) || "; without a name all are listed";
      throw new RangeError(`There is no scenario "${name}"${meant}`);
    }
    for (const line of json ? [JSON.stringify(found, null, 2)] : pageOf(found)) print(line);
    return Promise.resolve();
  },
});
