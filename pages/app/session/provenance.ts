// What a forecast is made with: for files, links, and the same in code.

import type { AppState, OpenedData } from "../app_state.ts";
import type { Context } from "../page/context.ts";
import type { Provenance } from "../scene.ts";
import type { Settings } from "../setup/choice.ts";

/** Of a scene that is not computed yet: its networks and device follow. */
export function provenanceOf({ facts }: Context, opened: OpenedData, settings: Settings): Provenance {
  const { trajectory, start, stride, seed, jitter, weights, grid, map, boundaries } = settings;
  return {
    data: opened.name,
    trajectory,
    split: opened.split.name,
    start,
    stride,
    seed,
    draws: jitter ?? true,
    models: {},
    device: "",
    weights,
    grid,
    map,
    boundaries,
    version: facts.release,
  };
}

/** A name as it stands in code. */
const quoted = (text: string) => JSON.stringify(text);

/** TypeScript that computes what is shown with the library. */
export function codeOf({ scene, settings, dataChoice, modelChoice, input }: AppState): string {
  const place = dataChoice?.kind === "link"
    ? dataChoice.url
    : dataChoice?.kind === "hub"
    ? dataChoice.name
    : null;
  const data = place ??
    (dataChoice?.kind === "example"
      ? dataChoice.name === "euler"
        ? "examples/data/euler_quadrants_mini.hdf5"
        : "examples/data/gray_scott_opener"
      : scene?.provenance.data ?? "simulation.hdf5");
  const model = modelChoice.kind === "hub"
    ? modelChoice.name
    : modelChoice.kind === "link"
    ? modelChoice.url
    : modelChoice.kind === "shipped"
    ? "examples/walrus_small/walrus.safetensors"
    : "walrus.safetensors";
  const { start, stride, steps, seed, jitter, trajectory, weights, grid, map, boundaries } = settings;
  const frames = Array.from({ length: input?.times.length ?? 6 }, (_, i) => start + i * stride);
  const last = frames.at(-1)!;
  const options = [
    `steps: ${steps}`,
    `seed: ${seed}`,
    ...jitter === null ? [] : [`draws: ${jitter}`],
    ...grid === "auto" ? [] : [`grid: ${quoted(grid)}`],
    ...Object.keys(map).length > 0 ? [`map: ${JSON.stringify(map)}`] : [],
  ].join(", ");
  const opening = Object.keys(boundaries).length > 0 ? `, ${JSON.stringify({ boundaries })}` : "";
  const loading = ["device", ...weights === "stored" ? [] : [`weights: ${quoted(weights)}`]].join(", ");
  return `import { loadModel, openData, openDevice, vrmse } from "@walrus/walrus";

const device = await openDevice("auto");
using model = await loadModel(${quoted(model)}, { ${loading} });
using data = await openData(${quoted(data)}${opening});
const trajectory = (await data.split()).trajectory(${trajectory});
const start = await trajectory.sample([${frames.join(", ")}]);

for await (const frame of model.rollout(start, { ${options} })) {
  const at = ${last} + frame.step${stride > 1 ? ` * ${stride}` : ""};
  const truth = at < trajectory.steps ? await trajectory.sample([at]) : null;
  console.log(frame.step, frame.time, truth ? vrmse(frame, truth) : "no truth");
}
`;
}
