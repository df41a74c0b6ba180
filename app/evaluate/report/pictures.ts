// The best, median and worst trajectory of a network: truth, forecast and error at a few steps as a picture a component,
// and all kept steps as a film. Bounded: what does not fit is left out and counted, films first.

import { encode } from "fast-png";
import gifenc from "gifenc";
import { endTexts } from "../../figure/numbers.ts";
import type { Scale } from "../../figure/scale.ts";
import { valueAt } from "../../figure/scale.ts";
import { escaped } from "../../train/chart.ts";
import type { DatasetEvaluation, TrajectoryPictures } from "../evaluation.ts";
import { type Block, heading, html, text } from "./blocks.ts";
import { canvas, CLEAR, DONE, paintPlane, PALETTE, type PlaneSeries, planesOf, TRACK } from "./planes.ts";
import { columnOf, forecasterName, scoreText, trajectoryNames } from "./words.ts";

const { GIFEncoder } = gifenc;

/** Bytes of pictures that are left, counted down as they are made. */
export interface Budget {
  bytes: number;
  /** Pictures and films that did not fit. */
  leftOut: number;
}

const ROWS = ["truth", "forecast", "error"] as const;

/** Milliseconds that a step of a film is shown; the last one three times as long. */
const DELAY = 450;

/** How long a picture may be for its height, and the other way round. */
const LONGEST = 4;

const WIDTH = 440, LEFT = 66, HEAD = 22, GAP = 6;

/** Height of a panel for its width. */
function ratioOf({ grid: { shape: [across = 1, up = 1] } }: DatasetEvaluation): number {
  return Math.min(LONGEST, Math.max(1 / LONGEST, up / across));
}

/** Steps that a picture shows, by their places: as many as fit beside each other. */
export function shownSteps(count: number, ratio: number): number[] {
  const room = Math.min(count, ratio > 1.3 ? 6 : ratio < 0.6 ? 3 : 4);
  if (room <= 1) return count > 0 ? [count - 1] : [];
  return [...Array(room).keys()].map((i) => Math.round(i * (count - 1) / (room - 1)));
}

function planes(series: PlaneSeries, row: (typeof ROWS)[number]): [readonly Float32Array[], Scale] {
  return [series[row], row === "error" ? series.errorScale : series.scale];
}

/** A picture with clear gaps as PNG. */
function png(series: PlaneSeries, shape: readonly [number, number], places: readonly number[]): string {
  const [across, up] = shape;
  const [gapX, gapY] = [Math.max(1, Math.round(across / 16)), Math.max(1, Math.round(up / 16))];
  const drawn = canvas(places.length * (across + gapX) - gapX, ROWS.length * (up + gapY) - gapY);
  for (const [r, row] of ROWS.entries()) {
    const [own, scale] = planes(series, row);
    for (const [column, place] of places.entries()) {
      paintPlane(drawn, own[place]!, shape, scale, column * (across + gapX), r * (up + gapY));
    }
  }
  const data = new Uint8Array(4 * drawn.pixels.length);
  for (const [i, place] of drawn.pixels.entries()) {
    if (place === CLEAR) continue;
    data.set(PALETTE[place]!, 4 * i);
    data[4 * i + 3] = 255;
  }
  return encode({ width: drawn.width, height: drawn.height, data, channels: 4, depth: 8 }).toBase64();
}

/** Ends and middle of a scale beside its colours. */
function scaleHtml(name: string, scale: Scale): string {
  const ends = endTexts([scale.low, valueAt(scale, 0.5), scale.high]);
  return `<div class="scale"><span>${escaped(name)}</span><i class="map-${scale.map}"></i>` +
    `<span class="ends">${ends.map((end) => `<span>${escaped(end)}</span>`).join("")}</span></div>`;
}

function still(data: DatasetEvaluation, pictures: TrajectoryPictures, series: PlaneSeries): string {
  const ratio = ratioOf(data);
  const places = shownSteps(pictures.steps.length, ratio);
  const cell = (WIDTH - LEFT + GAP) / places.length;
  const width = Math.min(cell - GAP, 1.3 * 96 / Math.min(1, ratio));
  const high = width * ratio;
  // Gaps of the picture are a sixteenth of its panels.
  const [stepX, stepY] = [width * 17 / 16, high * 17 / 16];
  const [allX, allY] = [places.length * stepX - width / 16, ROWS.length * stepY - high / 16];
  const scaled = Math.min(1, (WIDTH - LEFT) / allX);
  const box = { width: allX * scaled, height: allY * scaled };
  const heads = places.map((place, i) =>
    `<text x="${(LEFT + scaled * (i * stepX + width / 2)).toFixed(1)}" y="15" text-anchor="middle">${
      i === 0 ? "step " : ""
    }${pictures.steps[place]}</text>`
  );
  const names = ROWS.map((row, i) =>
    `<text x="0" y="${(HEAD + scaled * (i * stepY + high / 2) + 4).toFixed(1)}">${row}</text>`
  );
  const label = `${series.component} of ${data.name}: truth, forecast and error at steps ${
    places.map((place) => pictures.steps[place]).join(", ")
  }`;
  return `<svg class="plot" viewBox="0 0 ${WIDTH} ${
    (HEAD + box.height + 4).toFixed(1)
  }" role="img" aria-label="${escaped(label)}">${heads.join("")}${
    names.join("")
  }<image x="${LEFT}" y="${HEAD}" width="${box.width.toFixed(1)}" height="${
    box.height.toFixed(1)
  }" preserveAspectRatio="none" class="cells" href="data:image/png;base64,${
    png(series, pictures.shape, places)
  }"/></svg>${scaleHtml(series.component, series.scale)}${scaleHtml("error", series.errorScale)}`;
}

/** A film: a row a component, beside each other truth, forecast and error; below, how far it has got. */
export function film(all: readonly PlaneSeries[], shape: readonly [number, number]): Uint8Array {
  const [across, up] = shape;
  const [gapX, gapY] = [Math.max(1, Math.round(across / 16)), Math.max(1, Math.round(up / 16))];
  const width = ROWS.length * (across + gapX) - gapX;
  const bar = Math.max(2, Math.round(up / 24));
  const height = all.length * (up + gapY) + bar;
  const steps = all[0]?.truth.length ?? 0;
  const gif = GIFEncoder();
  for (let step = 0; step < steps; step++) {
    const drawn = canvas(width, height);
    for (const [c, series] of all.entries()) {
      for (const [r, row] of ROWS.entries()) {
        const [own, scale] = planes(series, row);
        paintPlane(drawn, own[step]!, shape, scale, r * (across + gapX), c * (up + gapY));
      }
    }
    const done = Math.round(width * (step + 1) / steps);
    for (let y = height - bar; y < height; y++) {
      drawn.pixels.fill(TRACK, y * width, (y + 1) * width);
      drawn.pixels.fill(DONE, y * width, y * width + done);
    }
    gif.writeFrame(drawn.pixels, width, height, {
      delay: step === steps - 1 ? 3 * DELAY : DELAY,
      transparent: true,
      transparentIndex: CLEAR,
      ...(step === 0 ? { palette: PALETTE.map((color) => [...color]) } : {}),
    });
  }
  gif.finish();
  return gif.bytes();
}

function filmHtml(
  data: DatasetEvaluation,
  pictures: TrajectoryPictures,
  all: readonly PlaneSeries[],
): string {
  const { steps, shape } = pictures;
  const ratio = ratioOf(data);
  const bytes = film(all, shape).toBase64();
  const label = `Film of ${
    all.map(({ component }) => component).join(", ")
  } of ${data.name}: truth, forecast, error`;
  return `<details><summary>Film of ${steps.length} steps, ${steps[0]} to ${steps.at(-1)}</summary>` +
    `<div class="film"><span></span><p class="columns">${
      ROWS.map((row) => `<span>${row}</span>`).join("")
    }</p>` +
    `<p class="rows">${all.map(({ component }) => `<span>${escaped(component)}</span>`).join("")}</p>` +
    `<img class="cells" alt="${escaped(label)}" style="aspect-ratio:${
      (ROWS.length / (ratio * all.length)).toFixed(3)
    }" src="data:image/gif;base64,${bytes}"></div></details>`;
}

/** Takes markup's length from what is left. */
function within(budget: Budget, markup: string): string {
  if (markup.length > budget.bytes) {
    budget.leftOut++;
    return "";
  }
  budget.bytes -= markup.length;
  return markup;
}

/** Pictures of a trajectory once, with all it is. */
function once(all: readonly TrajectoryPictures[]): { pictures: TrajectoryPictures; ranks: string[] }[] {
  const found = new Map<string, { pictures: TrajectoryPictures; ranks: string[] }>();
  for (const pictures of all) {
    const key = `${pictures.forecaster}/${pictures.trajectory}/${pictures.seed}`;
    const known = found.get(key);
    if (known) known.ranks.push(pictures.rank);
    else found.set(key, { pictures, ranks: [pictures.rank] });
  }
  return [...found.values()];
}

/** All pictures of a data set: films take what the pictures leave. */
export function pictureBlocks(data: DatasetEvaluation, budget: Budget): Block[] {
  const names = trajectoryNames(data);
  const single = data.trajectories.filter(({ steps }) => steps > 0).length === 1;
  const drawn = once(data.pictures)
    .map((one) => ({ ...one, all: planesOf(one.pictures) }))
    .filter(({ pictures, all }) => all.length > 0 && pictures.steps.length > 0)
    .map((one) => ({
      ...one,
      cards: one.all.map((series) => html(within(budget, still(data, one.pictures, series)))),
    }));
  return drawn.flatMap(({ pictures, ranks, all, cards }) => {
    const { forecaster, trajectory, seed, score, plane } = pictures;
    const name = names[trajectory] ?? `trajectory ${trajectory}`;
    const [first, second] = [data.grid.axes[0] ?? "x", data.grid.axes[1]];
    const which = single ? "The only" : ranks.join(" and ").replace(/^./, (c) => c.toUpperCase());
    return [
      heading(3, `${which} trajectory of ${forecasterName(forecaster)}`),
      text(
        `${name}, seed ${seed}: VRMSE ${scoreText(score)} over all steps. ${first} to the right${
          second ? `, ${second} up` : ""
        }${plane ? `, plane ${plane}` : ""}; error = forecast - truth.`,
      ),
      { kind: "group" as const, blocks: cards, column: columnOf(cards.length) },
      ...html(within(budget, filmHtml(data, pictures, all))),
    ];
  });
}
