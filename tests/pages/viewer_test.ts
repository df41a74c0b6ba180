// The viewer's arithmetic: where points are in panels, scales that do not move, what the player does next, keys.

import assert from "node:assert/strict";
import fc from "fast-check";
import { fitPlane } from "../../app/figure/fit.ts";
import { FIRST_VIEW, type View } from "../../pages/app/scene.ts";
import type { ViewerState } from "../../pages/app/state.ts";
import { makeStore } from "../../pages/app/store.ts";
import { flashes } from "../../pages/app/viewer/flash.ts";
import { cellAt, indexOf, planeGeometry, planeOf, pointAt } from "../../pages/app/viewer/geometry.ts";
import { pressKey } from "../../pages/app/viewer/keys.ts";
import { placePlanes } from "../../pages/app/viewer/layout.ts";
import { cellBox, cellUnder, lensOf, seenCells } from "../../pages/app/viewer/lens.ts";
import { emptyNotice, numbersOf, panelRows, panelValue } from "../../pages/app/viewer/panels.ts";
import { clampStep, nextOf } from "../../pages/app/viewer/playing.ts";
import { ScaleBook } from "../../pages/app/viewer/scales.ts";
import { panned, zoomed } from "../../pages/app/viewer/zoom.ts";
import { cellsOf } from "../../app/figure/plane.ts";
import { makeScene } from "./scenes.ts";

const solid = makeScene({ shape: [4, 5, 3], planned: 2, computed: 2, truth: 2 });
const flat = makeScene({ shape: [8, 6], planned: 4, computed: 3, truth: 2, running: true });

Deno.test("a point of a plane is the cell that shows it, whatever is swapped, flipped and cut", () => {
  for (const axis of [0, 1, 2]) {
    for (const swapped of [false, true]) {
      for (const flip of [[false, false], [true, false], [false, true], [true, true]] as const) {
        const view: View = { ...FIRST_VIEW, plane: { axis, index: 1 }, swapped, flipped: flip };
        const geometry = planeGeometry(solid.grid, view);
        const numbers = Float32Array.from({ length: solid.grid.points }, (_, i) => i);
        const plane = planeOf(solid.grid, geometry, numbers, null);
        for (let row = 0; row < plane.height; row++) {
          for (let column = 0; column < plane.width; column++) {
            const point = pointAt(solid.grid, view, geometry, [column, row]);
            assert.equal(plane.values[row * plane.width + column], indexOf(solid.grid, point));
            assert.deepEqual(cellAt(geometry, point), [column, row]);
          }
        }
      }
    }
  }
});

Deno.test("x runs right and y up", () => {
  const geometry = planeGeometry(flat.grid, FIRST_VIEW);
  // [x, y] = [0, 0] is the lower left corner: the last row.
  assert.deepEqual(cellAt(geometry, [0, 0]), [0, 5]);
  assert.deepEqual(cellAt(geometry, [7, 5]), [7, 0]);
});

Deno.test("three planes of a solid share their axes", () => {
  const planes = placePlanes(solid.grid, FIRST_VIEW, [300, 300], true, 24);
  assert.deepEqual(planes.map(({ geometry: { across, right, up } }) => [across!.axis, right, up]), [
    [1, 0, 2],
    [2, 0, 1],
    [0, 2, 1],
  ]);
  const [above, main, beside] = planes;
  assert.equal(above!.fit.size[0], main!.fit.size[0]);
  assert.equal(beside!.fit.size[1], main!.fit.size[1]);
});

Deno.test("the cell under a pixel is drawn over it, at any zoom", () => {
  const dimension = fc.integer({ min: 1, max: 90 });
  const share = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(
      dimension,
      dimension,
      fc.double({ min: 1, max: 16, noNaN: true }),
      share,
      share,
      share,
      (w, h, zoom, x, y, c) => {
        const fit = fitPlane({ cells: [w, h], extent: [w, h], room: [200, 150] });
        const lens = lensOf([w, h], fit, zoom, [c, c]);
        assert.deepEqual(lens.size, fit.size);
        const pixel = [Math.floor(x * lens.size[0]), Math.floor(y * lens.size[1])] as const;
        const cell = cellUnder(lens, pixel);
        assert.ok(cell[0] >= 0 && cell[0] < w && cell[1] >= 0 && cell[1] < h);
        const { left, top, width, height } = cellBox(lens, cell);
        assert.ok(left <= pixel[0] && pixel[0] < left + width);
        assert.ok(top <= pixel[1] && pixel[1] < top + height);
        // Every pixel has a cell.
        const plane = { width: w, height: h, values: new Float32Array(w * h), hidden: null };
        const cells = seenCells(plane, lens);
        assert.ok(cells.width * lens.zoom[0] - lens.offset[0] >= lens.size[0]);
        assert.ok(cells.height * lens.zoom[1] - lens.offset[1] >= lens.size[1]);
      },
    ),
  );
});

Deno.test("zooming about a place keeps it there, and never shows what is beyond", () => {
  const sight = zoomed({ zoom: 2, centre: [0.5, 0.5] }, 2, [0.75, 0.25]);
  // Share 0.625 of the domain lay at 0.75 of the picture, and does.
  assert.equal(sight.centre[0] + (0.75 - 0.5) / 4, 0.625);
  assert.deepEqual(zoomed({ zoom: 3, centre: [0.2, 0.9] }, 0.01), { zoom: 1, centre: [0.5, 0.5] });
  assert.deepEqual(panned({ zoom: 2, centre: [0.5, 0.5] }, -5, 0).centre, [0.75, 0.5]);
});

Deno.test("limits are the same at every step, and ends of errors grow only", () => {
  const view = { ...FIRST_VIEW, quantity: "B" };
  const book = new ScaleBook(() => {}, Infinity);
  const ends: number[] = [];
  let limits = null;
  for (const computed of [0, 1, 2, 3]) {
    const frames = flat.a.frames.slice(0, computed);
    const scales = book.scales({ ...flat, computed, a: { ...flat.a, frames } }, { ...view, step: computed })!;
    limits ??= scales.field;
    assert.deepEqual(scales.field, limits);
    assert.equal(scales.known.error, computed > 0);
    if (computed > 0) ends.push(scales.error.high);
    assert.equal(scales.error.low, -scales.error.high);
  }
  assert.deepEqual(ends, ends.toSorted((a, b) => a - b));
  assert.equal(limits!.map, "balance");
  const own = book.scales(flat, { ...view, low: 0, high: 2, map: "magma" })!;
  assert.deepEqual(own.field, { low: 0, high: 2, map: "magma", log: false });
});

Deno.test("limits are those of all true frames once they are read, and errors count whose truth came late", () => {
  const book = new ScaleBook(() => {}, Infinity);
  const late = { ...flat.truth, frames: flat.truth.frames.slice(0, flat.steps.inputs) };
  const early = book.scales({ ...flat, truth: late }, FIRST_VIEW)!;
  assert.equal(early.known.error, false);
  const all = book.scales(flat, FIRST_VIEW)!;
  assert.deepEqual(all, new ScaleBook(() => {}, Infinity).scales(flat, FIRST_VIEW));
  assert.notDeepEqual(all.automatic, early.automatic);
});

Deno.test("an error is forecast - truth, and a panel without truth says so", () => {
  const [[truth, forecast, error]] = panelRows(flat, FIRST_VIEW) as never as [[never, never, never]];
  const at = (panel: never, step: number) => panelValue(numbersOf(panel, step, 0), 13);
  assert.equal(at(error, 1), Math.fround(at(forecast, 1)! - at(truth, 1)!));
  assert.equal(at(error, 3), null);
  assert.equal(emptyNotice(error, flat, 3, null).text, "No truth after step 2.");
  assert.equal(
    emptyNotice(error, makeScene({ truth: 0 }), 3, null).text,
    "No truth: the data end with the input frames.",
  );
  assert.equal(emptyNotice(forecast, flat, 4, null).text, "Waiting for step 4.");
  const notice = { text: "Model 3.1 of 9.4 MB", share: 0.3, action: null };
  assert.equal(emptyNotice(forecast, { ...flat, computed: 0 }, -2, notice), notice);
});

Deno.test("the player shows every step, waits for what is computed, and ends or begins anew", () => {
  assert.equal(nextOf(flat, { step: 2, loop: false }), "step");
  assert.equal(nextOf(flat, { step: 3, loop: true }), "wait");
  assert.equal(nextOf({ ...flat, running: false }, { step: 3, loop: false }), "end");
  assert.equal(nextOf({ ...flat, running: false }, { step: 3, loop: true }), "again");
  assert.deepEqual([-9, 2, 9].map((step) => clampStep(flat, step)), [-5, 2, 3]);
});

Deno.test("keys step, speed up, change field and plane, and leave fields alone", () => {
  const press = (start: Partial<View>, key: string, more: object = {}, scene = flat) => {
    const store = makeStore<ViewerState>({
      scene,
      view: { ...FIRST_VIEW, ...start },
      notice: null,
      theme: "light",
    });
    const event = {
      key,
      shiftKey: false,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      target: null,
      ...more,
    };
    return { done: pressKey(store, event, () => {}), view: store.get().view };
  };
  assert.equal(press({ step: 1 }, "ArrowRight").view.step, 2);
  assert.equal(press({ step: 1 }, "ArrowLeft", { shiftKey: true }).view.step, -5);
  assert.equal(press({ step: 1 }, "End").view.step, 3);
  assert.equal(press({ step: 1 }, "Home").view.step, -5);
  assert.equal(press({}, "]").view.speed, 8);
  assert.equal(press({ speed: 1 }, "[").view.speed, 1);
  assert.equal(press({}, "F").view.quantity, "B");
  assert.deepEqual(press({}, "p", {}, solid).view.plane, { axis: 2, index: 2 });
  assert.equal(press({}, "+").view.zoom, 2);
  assert.equal(press({ zoom: 4, centre: [0.3, 0.3] }, "0").view.zoom, 1);
  assert.equal(press({}, "ArrowRight", { ctrlKey: true }).done, false);
  assert.equal(press({}, "x").done, false);
  const button = { matches: (selector: string) => selector.includes("button") };
  assert.equal(press({}, " ", { target: button }).done, false);
  assert.equal(press({ step: 1 }, "ArrowRight", { target: button }).view.step, 2);
});

Deno.test("a quarter of a panel that changes its luminance by a tenth is a flash", () => {
  const cells = (share: number) =>
    cellsOf({
      width: 100,
      height: 1,
      values: Float32Array.from({ length: 100 }, (_, i) => i < share ? 1 : 0),
      hidden: null,
    });
  const scale = { low: 0, high: 1, map: "viridis" } as const;
  assert.equal(flashes(cells(0), cells(26), scale), true);
  assert.equal(flashes(cells(0), cells(25), scale), false);
});
