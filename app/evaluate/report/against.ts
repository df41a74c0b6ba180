// Results beside numbers that were published, and what differs in how they were made. Numbers of other protocols stand
// there for the eye: whatever differs is said beside them.

import {
  PUBLISHED,
  PUBLISHED_SOURCES,
  type PublishedScores,
  type PublishedSourceName,
  type Scenario,
  SCENARIOS,
} from "walrus/models/walrus";
import type { DatasetEvaluation, Evaluation } from "../evaluation.ts";
import type { Block, Cell, Table } from "./blocks.ts";
import { list, tableBlock, text } from "./blocks.ts";
import { counted, scoreText, windowNames, windowScore, windowWords } from "./words.ts";

/** Parameters of the released network, as its checkpoints tell of it. */
const RELEASED = "40 blocks of width 1408";

function scenarioOf({ scenario }: DatasetEvaluation): Scenario | null {
  return SCENARIOS.find(({ name }) => name === scenario) ?? null;
}

/** Numbers on a data set's scenario. */
export function publishedOn({ scenario }: Pick<DatasetEvaluation, "scenario">): PublishedScores[] {
  return scenario === null ? [] : PUBLISHED.filter((one) => one.scenario === scenario);
}

/** A published number; doubtful ones have a question mark. */
function publishedCell(one: PublishedScores, window: string): Cell {
  const { scores, doubtful = [], deviations = {}, source } = one;
  const value = scores[window];
  if (value === undefined) return { text: "-" };
  const deviation = deviations[window];
  return {
    // As many digits as its table has.
    text: (source === "finetuned" || source === "downstream" ? value.toFixed(4) : String(value)) +
      (doubtful.includes(window) ? " (?)" : ""),
    ...(deviation === undefined ? {} : { note: `±${deviation}` }),
  };
}

/** Our numbers and the published ones of a data set, a column a window. */
export function publishedTable(evaluation: Evaluation, data: DatasetEvaluation): Table | null {
  const published = publishedOn(data);
  if (published.length === 0) return null;
  const known = new Set([
    ...windowNames(evaluation).filter((name) =>
      Object.keys(data.forecasters).some((own) => windowScore(data, own, name)?.value != null)
    ),
    ...published.flatMap(({ scores }) => Object.keys(scores)),
  ]);
  const order = (name: string) =>
    name === "one-step" ? -1 : name === "all" ? Infinity : Number(/(\d+):(\d+)/.exec(name)?.[2] ?? 0);
  const windows = [...known].sort((a, b) => order(a) - order(b));
  const own = Object.keys(data.forecasters).map((name) => ({
    name: `${name} (here)`,
    cells: windows.map((window): Cell => ({ text: scoreText(windowScore(data, name, window)?.value) })),
  }));
  const theirs = published.map((one) => ({
    name: `${one.network} [${sourceNumber(one.source)}]`,
    cells: windows.map((window) => publishedCell(one, window)),
  }));
  return {
    caption: `${data.name} beside published numbers on ${data.scenario}`,
    head: ["VRMSE", ...windows.map(windowWords)],
    rows: [...own, ...theirs],
  };
}

const SOURCE_NAMES = Object.keys(PUBLISHED_SOURCES) as PublishedSourceName[];

function sourceNumber(source: PublishedSourceName): number {
  return SOURCE_NAMES.indexOf(source) + 1;
}

/** Which side is called what: as many as there are frames and trajectories, in words. */
function lengths(frames: readonly number[]): string {
  const [least, most] = [Math.min(...frames), Math.max(...frames)];
  return least === most ? String(least) : `${least} to ${most}`;
}

/** What differs on a data set from how the published numbers were made, in sentences. */
export function differences(evaluation: Evaluation, data: DatasetEvaluation): string[] {
  const scenario = scenarioOf(data);
  const sources = [...new Set(publishedOn(data).map(({ source }) => source))];
  if (!scenario || sources.length === 0) return [];
  const { protocol, seeds, checkpoints } = evaluation;
  const found: string[] = [];
  const say = (differs: boolean, sentence: string) => void (differs && found.push(sentence));
  const [here, there] = [data.grid.shape.join(" x "), scenario.grid.join(" x ")];
  say(data.dataset !== scenario.name, `data: here "${data.dataset}", published "${scenario.name}"`);
  say(here !== there, `resolution: here ${here} points, published ${there}`);
  const frames = data.trajectories.map((one) => one.frames);
  say(
    frames.length > 0 && frames.some((count) => !scenario.frames.includes(count)),
    `length: here ${lengths(frames)} frames, published ${scenario.frames.join(" or ")}`,
  );
  const splits = [...new Set(sources.map((source) => PUBLISHED_SOURCES[source].split))];
  const named = (split: string) => split === "validation" ? "valid" : split;
  say(
    splits.some((split) => named(split) !== data.split),
    `split: here ${data.split}, published ${
      sources.map((source) => `${PUBLISHED_SOURCES[source].split} [${sourceNumber(source)}]`).join(", ")
    }`,
  );
  say(
    data.trajectories.length * 10 < scenario.trajectories,
    `size: ${
      counted(data.trajectories.length, "trajectory", "trajectories")
    } here, of ${scenario.trajectories} ` +
      "the data set has in all its splits",
  );
  const from = new Set(sources.map((source) => PUBLISHED_SOURCES[source].from).filter((one) => one !== null));
  const starts = [...new Set(data.trajectories.filter(({ steps }) => steps > 0).map(({ start }) => start))];
  // Published frames may be counted from 0 or from 1: either is as near as one can be.
  const near = (start: number) => from.has(start) || from.has(start + 1);
  say(
    from.size > 0 && starts.length > 0,
    `start: rollouts here predict from frame ${lengths(starts)} on, counted from 0; published from ${
      [...from].join(", ")
    }${starts.every(near) ? ", counted from 0 or 1, which is not said" : ""}`,
  );
  say(
    protocol.every > 1,
    `starts: here every ${protocol.every}th window one step ahead, published all`,
  );
  for (const window of data.windows) {
    say(window.last < window.to, `window: ${window.name} ends here at step ${window.last}`);
  }
  const names = new Set(publishedOn(data).flatMap(({ scores }) => Object.keys(scores)));
  const absent = [...names].filter((name) =>
    Object.keys(data.forecasters).every((own) => windowScore(data, own, name)?.value == null)
  );
  say(absent.length > 0, `windows: no number here for ${absent.map(windowWords).join(", ")}`);
  say(data.context !== scenario.context, `input: here ${data.context} frames, published ${scenario.context}`);
  say(
    !protocol.jitter,
    "draws: none here (no jitter); the published numbers are with random jitter unless they say otherwise",
  );
  say(
    protocol.jitter,
    `draws: ${counted(seeds.length, "seed")} here (${
      seeds.join(", ")
    }), published one draw whose seed is not said`,
  );
  for (const { name, family, description } of checkpoints) {
    say(
      !description.includes(RELEASED),
      `network: "${name}" is a ${family} of ${description}, published one of ${RELEASED}`,
    );
  }
  found.push(
    "median: the published order of median and mean is not written down; here the median over trajectories at each " +
      "step, then the mean over the window's steps",
  );
  return found;
}

/** Results beside published numbers, data set by data set, and where those are from. */
export function against(evaluation: Evaluation): Block[] {
  const compared = evaluation.datasets.filter((data) => publishedOn(data).length > 0);
  const others = evaluation.datasets.filter((data) => publishedOn(data).length === 0).map(({ name }) => name);
  const used = SOURCE_NAMES.filter((source) =>
    compared.some((data) => publishedOn(data).some((one) => one.source === source))
  );
  return [
    ...compared.length === 0
      ? [text("None of these data sets is one that numbers were published on.")]
      : [text(
        "Published numbers stand below ours. They are the same quantity; what is listed under each table differs in " +
          "how they were made, and numbers may be compared only as far as that allows.",
      )],
    ...compared.flatMap((data) => [
      ...tableBlock(publishedTable(evaluation, data)!),
      ...list(differences(evaluation, data)),
    ]),
    ...others.length > 0 && compared.length > 0
      ? [text(`Without published numbers: ${others.join(", ")}.`)]
      : [],
    ...list(used.map((source) => {
      const { name, url, split, protocol } = PUBLISHED_SOURCES[source];
      return `[${sourceNumber(source)}] ${name} (${url}), ${split} split: ${protocol}`;
    })),
    ...compared.some((data) => publishedOn(data).some(({ doubtful = [] }) => doubtful.length > 0))
      ? [text("(?): doubtful in the copy at hand.")]
      : [],
  ];
}
