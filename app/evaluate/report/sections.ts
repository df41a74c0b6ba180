// A report's sections, of `evaluation.json` alone.

import type { DatasetEvaluation, Evaluation } from "../evaluation.ts";
import { against } from "./against.ts";
import { type Block, heading, list, notes, tableBlock, text } from "./blocks.ts";
import { ensembleBlocks } from "./ensemble.ts";
import { errorCharts, type Looks, looksOf, scaleCharts, spectrumCharts, spectrumKey } from "./lines.ts";
import { physicsBlocks } from "./physics.ts";
import { type Budget, pictureBlocks } from "./pictures.ts";
import {
  componentTable,
  intervalTable,
  metricTable,
  overview,
  reduction,
  reductions,
  windowsOf,
  windowTable,
} from "./scores.ts";
import {
  anchorOf,
  bytesText,
  checkpointWords,
  columnOf,
  counted,
  forecasterName,
  gridWords,
  secondsText,
  sideWords,
  windowWords,
} from "./words.ts";

/** A section: its heading comes first. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** What the report is of, under its title. */
export function introduction(evaluation: Evaluation): Block[] {
  const { protocol, checkpoints, seeds, device, datasets } = evaluation;
  const draws = protocol.jitter
    ? `random draws (jitter) of ${counted(seeds.length, "seed")}: ${seeds.join(", ")}`
    : "no random draws";
  const every = protocol.every > 1 ? `, every ${protocol.every}th window one step ahead` : "";
  return [
    text(
      `${counted(checkpoints.length, "network")} on ${
        counted(datasets.length, "data set")
      }. Protocol "${protocol.name}": ` +
        `${protocol.description.replace(/\.$/, "")}${every}; ${draws}. Computed on ${device}.`,
    ),
    ...list(checkpoints.map((one) => `${one.name} = ${checkpointWords(one)}`)),
  ];
}

/** How often networks are better than repeating the last frame. */
function verdicts(evaluation: Evaluation): string[] {
  return evaluation.checkpoints.flatMap(({ name }) => {
    const parts = windowsOf(evaluation).flatMap((window) => {
      const found = reduction(evaluation, name, "persistence", window);
      return found ? [`${windowWords(window)} on ${found.better} of ${found.count}`] : [];
    });
    return parts.length > 0
      ? [`${name} has a lower error than persistence: ${parts.join(", ")} data sets.`]
      : [];
  });
}

function summary(evaluation: Evaluation): Section {
  const broken = evaluation.datasets.flatMap(({ name, forecasters }) =>
    Object.entries(forecasters).flatMap(([own, { notFinite }]) =>
      notFinite.length > 0
        ? [`${name}: ${counted(notFinite.length, "forecast")} of ${forecasterName(own)} not finite`]
        : []
    )
  );
  return {
    id: "summary",
    title: "Summary",
    blocks: [
      ...list(verdicts(evaluation)),
      ...notes(broken),
      { kind: "group", blocks: overview(evaluation) },
      ...evaluation.datasets.length > 1 || evaluation.checkpoints.length > 1
        ? tableBlock(reductions(evaluation))
        : [],
    ],
  };
}

function facts(data: DatasetEvaluation): string {
  const tried = data.trajectories.filter(({ steps }) => steps > 0);
  const steps = tried.map((one) => one.steps);
  const [least, most] = [Math.min(...steps), Math.max(...steps)];
  const rolled = tried.length > 0
    ? `rollouts of ${least === most ? least : `${least} to ${most}`} steps from frame ${
      tried[0]!.start
    } (counted from 0)`
    : "no rollouts";
  return [
    `${data.split} split: ${counted(data.trajectories.length, "trajectory", "trajectories")}`,
    rolled,
    `grid ${gridWords(data)}`,
    sideWords(data),
    `${data.context} input frames`,
    data.scenario ? `in the catalogue as ${data.scenario}` : "not in the catalogue of scenarios",
  ].join("; ") + ".";
}

function dataSection(
  evaluation: Evaluation,
  data: DatasetEvaluation,
  index: number,
  looks: Looks,
  share: Budget,
): Section {
  const [all, ...parts] = errorCharts(data, looks);
  const last = (data.spectra?.steps.length ?? 0) - 1;
  const [now, earlier] = [
    spectrumCharts(data, looks, last),
    data.spectra?.steps.slice(0, -1).flatMap((_, at) => spectrumCharts(data, looks, at)) ?? [],
  ];
  const scales = scaleCharts(evaluation, data).filter((own) => own.length > 0);
  const beside = Object.keys(data.forecasters).length <= 3;
  const part = (title: string, blocks: readonly Block[]) =>
    blocks.length === 0 ? [] : [heading(3, title), ...blocks];
  const group = (
    blocks: readonly (readonly Block[])[],
    column = columnOf(blocks.length),
    folded?: string,
  ): Block[] =>
    blocks.some((own) => own.length > 0)
      ? [{ kind: "group", blocks, column, ...(folded ? { folded } : {}) }]
      : [];
  return {
    id: anchorOf(index),
    title: data.name,
    blocks: [
      text(facts(data)),
      ...notes([...data.notes, ...data.leftOut]),
      ...beside
        ? [{
          kind: "group" as const,
          blocks: [all ?? [], tableBlock(windowTable(evaluation, data))],
          column: 440,
        }]
        : tableBlock(windowTable(evaluation, data)),
      ...part(beside ? "By component" : "Along rollouts", [
        ...group(beside ? parts : [all ?? [], ...parts]),
        ...data.fields.length > 1 ? tableBlock(componentTable(data)) : [],
      ]),
      ...part("Spectra", [
        ...now.some((own) => own.length > 0) ? spectrumKey(data, looks) : [],
        ...group(now),
        ...group(earlier, 330, "Earlier steps"),
        ...group(scales),
      ]),
      ...part("Ensembles", ensembleBlocks(data)),
      ...part("Physics", physicsBlocks(data, looks)),
      ...pictureBlocks(data, share),
      {
        kind: "group",
        folded: "All metrics",
        column: 420,
        blocks: [
          tableBlock(metricTable(data, "one step")),
          tableBlock(metricTable(data, "rollouts")),
          tableBlock(intervalTable(data)),
        ],
      },
    ],
  };
}

function costs({ costs: all }: Evaluation): Section {
  return {
    id: "costs",
    title: "Time and memory",
    blocks: tableBlock({
      caption: "Of the forecasts; not repeatable, hence outside of the digest",
      head: ["data set, forecaster", "a step", "steps", "in all", "memory at most"],
      rows: all.filter(({ bytes, secondsPerStep }) => bytes !== null || (secondsPerStep ?? 0) > 0.05)
        .map(({ dataset, forecaster, steps, secondsPerStep, seconds, bytes }) => ({
          name: `${dataset}, ${forecasterName(forecaster)}`,
          cells: [secondsText(secondsPerStep), String(steps), secondsText(seconds), bytesText(bytes)].map((
            text,
          ) => ({
            text,
          })),
        })),
    }),
  };
}

function method({ protocol: { bootstrap }, digest, command }: Evaluation): Section {
  return {
    id: "method",
    title: "How these numbers were made",
    blocks: list([
      "VRMSE of a component: root of the mean squared error over space, divided by the truth's variance over space + 1e-7. " +
      "1 is as good as predicting the spatial mean. Unless a component is named, the mean over components.",
      "One step: the median over windows. Windows of steps: at each step the median over trajectories, then the mean " +
      "over the window's steps; with several seeds, the mean over seeds.",
      `Intervals and bands: ${
        100 * bootstrap.level
      } % percentile intervals of the median from ${bootstrap.resamples} ` +
      `resamples of the trajectories (seed ${bootstrap.seed}). They say how far the median would move with other ` +
      "trajectories of the same kind; those of few trajectories are rough, of one there are none.",
      "Persistence repeats the last input frame, linear extrapolation goes on from the last two.",
      `Digest of everything but times: ${digest}. It is the same whenever this is run: ${command}`,
    ]),
  };
}

/** Options of a report. */
export interface SectionOptions {
  /** Whether published numbers stand beside. */
  readonly againstPaper: boolean;
  readonly budget: Budget;
}

/** All sections of a report. */
export function sectionsOf(evaluation: Evaluation, { againstPaper, budget }: SectionOptions): Section[] {
  const looks = looksOf(evaluation);
  const { datasets } = evaluation;
  // What a data set leaves of its share is there for those after it.
  const parts = datasets.map((data, i) => {
    const own = Math.floor(budget.bytes / (datasets.length - i));
    const share: Budget = { bytes: own, leftOut: 0 };
    const section = dataSection(evaluation, data, i, looks, share);
    budget.bytes -= own - share.bytes;
    budget.leftOut += share.leftOut;
    return section;
  });
  return [
    summary(evaluation),
    ...againstPaper
      ? [{ id: "published", title: "Beside published numbers", blocks: against(evaluation) }]
      : [],
    ...parts,
    costs(evaluation),
    method(evaluation),
  ].filter(({ blocks }) => blocks.length > 0);
}
