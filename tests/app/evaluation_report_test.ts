// The report of an evaluation: what it says, that it needs nothing else, that it stays small, that names are no markup.

import assert from "node:assert/strict";
import { decode } from "fast-png";
import { differences, publishedTable } from "../../app/evaluate/report/against.ts";
import { markdown, tableBlock } from "../../app/evaluate/report/blocks.ts";
import { film, shownSteps } from "../../app/evaluate/report/pictures.ts";
import { planesOf } from "../../app/evaluate/report/planes.ts";
import { plot } from "../../app/evaluate/report/plot.ts";
import { makeReport, writeReport } from "../../app/evaluate/report/report.ts";
import { reduction } from "../../app/evaluate/report/scores.ts";
import { PUBLISHED, PUBLISHED_SOURCES, SCENARIOS } from "walrus/models/walrus";
import { madeUpEvaluation } from "./evaluation_fixture.ts";
import { inFolder } from "./run_command.ts";

const evaluation = madeUpEvaluation();

Deno.test("makeReport() has every data set's scores, charts, pictures and films in both forms", () => {
  const { html, markdown } = makeReport(evaluation, { againstPaper: true });
  for (const { name, forecasters } of evaluation.datasets) {
    const { value } = forecasters.walrus_small!.windows["T[1:20]"]!;
    assert.ok(markdown.includes(`| ${name} | **${value!.toFixed(4)}** |`), name);
    assert.ok(html.includes(`>${name.replaceAll("_", "_<wbr>")}<`), name);
  }
  // A best, a median and a worst trajectory of each data set, with a film each and a picture of each of two components.
  assert.equal(html.match(/data:image\/gif;base64,/g)!.length, 6);
  assert.equal(html.match(/data:image\/png;base64,/g)!.length, 12);
  // A band of the network in each of three charts.
  assert.equal(html.match(/<polygon points=/g)!.length, 6);
  assert.match(markdown, /T\[21:60\] \(here 21:24\)/);
  assert.match(markdown, /\*\*truth within|truth within the central 90 %/);
  assert.match(markdown, /mass of the forecast moves by 0.4 %/);
  assert.ok(!/NaN|undefined|Infinity/.test(html.replace(/base64,[^"]*/g, "")));
  assert.ok(!/NaN|undefined|Infinity/.test(markdown));
});

Deno.test("makeReport() asks for nothing from outside and runs nothing", () => {
  const { html } = makeReport(evaluation, { againstPaper: true });
  for (const [, address] of html.matchAll(/(?:src|href)="([^"]*)"/g)) {
    assert.match(address!, /^(data:|#)/);
  }
  assert.ok(!/<script|url\(/.test(html));
  const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length, "ids are there once");
});

Deno.test("makeReport() takes names as text", () => {
  const name = `a<img src=x>|"b"`;
  const { html, markdown } = makeReport(madeUpEvaluation({ datasets: [[name, null]], fields: [name] }));
  assert.ok(!html.includes("<img src=x"));
  assert.ok(!/[^\\]\|"b"/.test(markdown), "a bar would end the cell");
  assert.ok(!/[^\\]<img/.test(markdown));
});

Deno.test("makeReport() leaves pictures out beyond the size it is given, and says how many", () => {
  const all = makeReport(evaluation).html;
  const { html } = makeReport(evaluation, { pictureBytes: 40_000 });
  const bytes = (page: string) =>
    [...page.matchAll(/data:image\/\w+;base64,([^"]*)/g)].reduce((sum, [, data]) => sum + data!.length, 0);
  assert.ok(bytes(all) > 40_000 && bytes(html) < 40_000, `${bytes(all)}, ${bytes(html)}`);
  const left = 18 - html.match(/data:image\/(png|gif)/g)!.length;
  assert.match(html, new RegExp(`<footer>${left} pictures or films left out`));
});

Deno.test("makeReport() is of one trajectory, of no rollouts, of nothing that is finite", () => {
  const single = makeReport(madeUpEvaluation({ trajectories: 1 }));
  assert.match(single.html, /<h3>The only trajectory of walrus_small<\/h3>/);
  const [data] = evaluation.datasets;
  const bare = makeReport({
    ...evaluation,
    datasets: [{
      ...data!,
      trajectories: data!.trajectories.map((one) => ({ ...one, steps: 0 })),
      windows: [],
      spectra: null,
      pictures: [],
      forecasters: {
        walrus_small: {
          kind: "checkpoint",
          oneStep: null,
          rollouts: [],
          windows: {},
          curves: {},
          metrics: {},
          spectra: null,
          ensemble: null,
          physics: null,
          notFinite: ["frame 3, tracer"],
        },
      },
    }],
    means: [],
    costs: [],
  }, { againstPaper: true });
  assert.match(bare.markdown, /1 forecast of walrus_small not finite/);
  assert.ok(!/NaN|undefined|Infinity/.test(bare.html));
});

Deno.test("writeReport() writes both files", () =>
  inFolder(async (folder) => {
    const paths = await writeReport(folder, evaluation);
    assert.deepEqual(paths, [`${folder}/evaluation.md`, `${folder}/evaluation.html`]);
    assert.match(await Deno.readTextFile(paths[0]!), /^# Evaluation of walrus_small\n/);
  }));

Deno.test("against paper: numbers stand beside ours with what differs", () => {
  const [shear, mine] = evaluation.datasets;
  const { head, rows } = publishedTable(evaluation, shear!)!;
  assert.deepEqual(head, ["VRMSE", "one step", "T[1:20]", "T[21:60]", "all steps"]);
  const finetuned = rows.find(({ name }) => name.startsWith("Walrus, finetuned"))!;
  assert.deepEqual(finetuned.cells.map(({ text }) => text), ["0.0012", "0.0146", "0.0810", "-"]);
  const said = differences(evaluation, shear!);
  for (
    const what of [
      "data:",
      "resolution: here 64 x 64 points, published 256 x 512",
      "length:",
      "split:",
      "size:",
    ]
  ) {
    assert.ok(said.some((sentence) => sentence.startsWith(what)), `${what} in ${said.join("\n")}`);
  }
  assert.ok(said.some((sentence) => sentence === "window: T[21:60] ends here at step 24"));
  assert.ok(
    said.includes(
      "start: rollouts here predict from frame 16 on, counted from 0; published from 17, counted from 0 or 1, which " +
        "is not said",
    ),
    said.join("\n"),
  );
  assert.equal(publishedTable(evaluation, mine!), null);
  assert.deepEqual(differences(evaluation, mine!), []);
});

Deno.test("PUBLISHED is of the catalogue's data sets, each network once a source, no number doubtful that is not there", () => {
  const names = new Set(SCENARIOS.map(({ name }) => name));
  const seen = new Set<string>();
  for (const { scenario, source, network, scores, doubtful = [] } of PUBLISHED) {
    assert.ok(names.has(scenario), scenario);
    assert.ok(source in PUBLISHED_SOURCES);
    const key = `${scenario}/${source}/${network}`;
    assert.ok(!seen.has(key), key);
    seen.add(key);
    assert.ok(Object.values(scores).length > 0 && Object.values(scores).every((value) => value > 0), key);
    assert.ok(doubtful.every((window) => window in scores), key);
  }
  const without = [...names].filter((name) => !PUBLISHED.some(({ scenario }) => scenario === name));
  assert.deepEqual(without, []);
});

Deno.test("reduction() is the mean over data sets of one minus the ratio", () => {
  const found = reduction(evaluation, "walrus_small", "persistence", "one-step")!;
  const ratios = evaluation.datasets.map(({ forecasters }) =>
    forecasters.walrus_small!.oneStep!.vrmse.median! / forecasters.persistence!.oneStep!.vrmse.median!
  );
  assert.ok(Math.abs(found.mean - (1 - (ratios[0]! + ratios[1]!) / 2)) < 1e-12);
  assert.deepEqual([found.count, found.better], [2, 2]);
  assert.equal(reduction(evaluation, "walrus_small", "other", "one-step"), null);
});

Deno.test("planesOf() unpacks numbers, and cells without one", () => {
  const codes = Uint16Array.of(0, 65534, 65535, 32767);
  const base64 = new Uint8Array(codes.buffer).toBase64();
  const [series] = planesOf({
    forecaster: "a",
    rank: "best",
    trajectory: 0,
    seed: 0,
    score: 1,
    plane: null,
    steps: [1],
    shape: [2, 2],
    fields: [{ component: "c", limits: [-1, 3], truth: base64, forecast: base64 }],
  });
  assert.deepEqual([...series!.truth[0]!], [-1, 3, NaN, 1]);
  assert.deepEqual([...series!.error[0]!], [0, 0, NaN, 0]);
});

Deno.test("pictures have x to the right and y up; films a frame a step", () => {
  const pictures = { ...evaluation.datasets[0]!.pictures[0]!, shape: [2, 1] as const };
  const codes = Uint16Array.of(0, 65534);
  const base64 = new Uint8Array(codes.buffer).toBase64();
  const one = {
    ...pictures,
    steps: [1],
    fields: [{ component: "c", limits: [-1, 1] as const, truth: base64, forecast: base64 }],
  };
  const gif = film(planesOf(one), [2, 1]);
  assert.equal(new TextDecoder("latin1").decode(gif.subarray(0, 6)), "GIF89a");
  const { html } = makeReport({ ...evaluation, datasets: [{ ...evaluation.datasets[0]!, pictures: [one] }] });
  const { width, data } = decode(Uint8Array.fromBase64(/data:image\/png;base64,([^"]*)/.exec(html)![1]!));
  assert.equal(width, 2);
  // The truth's first point is blue, at the low end of the map; its second red.
  assert.ok(data[2]! > data[0]! && data[4]! > data[6]!, `${data.slice(0, 8)}`);
  assert.deepEqual([shownSteps(10, 1), shownSteps(10, 3).length, shownSteps(1, 1)], [[0, 3, 6, 9], 6, [0]]);
});

Deno.test("plot() breaks lines where there is no number and stays within its frame", () => {
  const points = [1, null, 3, 4, 1e9].map((value, i) => [i + 1, value] as const);
  const svg = plot([{ name: "a", color: "red", points }], { label: "a", across: "step", top: 10 });
  assert.equal(svg.match(/<polyline/g)!.length, 1);
  assert.equal(svg.match(/<circle/g)!.length, 1);
  assert.ok(!/NaN|Infinity|1e9/.test(svg));
  assert.equal(plot([{ name: "a", color: "red", points: [[1, null]] }], { label: "a", across: "step" }), "");
});

Deno.test("markdown() takes as text what is a mark elsewhere", () => {
  const [table] = tableBlock({
    caption: "a_b*",
    head: ["x|y", "n"],
    rows: [{ name: "T[1:20]", cells: [{ text: "1", best: true }] }],
  });
  assert.equal(markdown([table!]), "a_b\\*:\n\n| x\\|y | n |\n| --- | --: |\n| T[1:20] | **1** |");
});
