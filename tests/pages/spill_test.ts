// Frames beyond what memory may hold are put away: the newest and those that are shown stay, what is shown again comes
// back, files have all of them, and where there is no storage nothing is lost.

import assert from "node:assert/strict";
import { totalsChart } from "../../pages/app/charts/totals.ts";
import {
  computedTracks,
  FIRST_VIEW,
  frameAt,
  type FrameNumbers,
  isAway,
  type Scene,
} from "../../pages/app/scene.ts";
import { framesOf, nextMove } from "../../pages/app/session/away.ts";
import type { FrameStore } from "../../pages/app/session/frame_store.ts";
import { cutAt } from "../../pages/app/session/grow.ts";
import { Spill } from "../../pages/app/session/spill.ts";
import { look, type ViewerState } from "../../pages/app/state.ts";
import { makeStore } from "../../pages/app/store.ts";
import { nextOf } from "../../pages/app/viewer/playing.ts";
import { makeScene } from "./scenes.ts";

/** A store in memory that counts. */
function fakeFrames() {
  const kept = new Map<number, FrameNumbers>();
  const counts = { put: 0, cleared: 0 };
  const frames: FrameStore = {
    put(frame) {
      kept.set(++counts.put, structuredClone(frame));
      return Promise.resolve(counts.put);
    },
    get: (key) => Promise.resolve(structuredClone(kept.get(key)!)),
    clear() {
      kept.clear();
      counts.cleared++;
      return Promise.resolve();
    },
  };
  return { frames, kept, counts };
}

function stateOf(scene: Scene, step: number): ViewerState {
  return { scene, view: { ...FIRST_VIEW, step, follow: false }, notice: null, theme: "light" };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 30));

/** Steps whose frames are in memory. */
const here = (scene: Scene) =>
  Array.from({ length: scene.computed }, (_, i) => i + 1).filter((step) => framesOf(scene, step).length > 0);

Deno.test("frames far from the step shown are put away, and come back when they are shown", async () => {
  const scene = makeScene({ computed: 20, planned: 20 });
  const bytes = scene.grid.points * scene.quantities.length * 4;
  const { frames, counts } = fakeFrames();
  const store = makeStore(stateOf(scene, 20));
  const spill = new Spill(store, frames, () => 8 * bytes);
  look(store, { step: 19 });
  await settled();
  const now = () => store.get().scene!;
  assert.deepEqual(here(now()), [13, 14, 15, 16, 17, 18, 19, 20]);
  assert.deepEqual([frameAt(now().a, 3), isAway(now(), 3), isAway(now(), 13)], [null, true, false]);
  assert.deepEqual(totalsChart(now(), 0, 19).series, totalsChart(scene, 0, 19).series);
  assert.equal(nextOf(now(), { step: 2, loop: false }), "wait");
  look(store, { step: 3 });
  await settled();
  for (const step of [3, 4, 5, 6]) assert.deepEqual(frameAt(now().a, step), frameAt(scene.a, step));
  assert.equal(here(now()).length, 8);
  assert.ok(here(now()).includes(20));
  // What was written once is not written again.
  const before = counts.put;
  look(store, { step: 18 });
  await settled();
  look(store, { step: 3 });
  await settled();
  assert.ok(counts.put <= 20 && counts.put - before < 8, String(counts.put));
  const whole = await spill.recall(now());
  assert.deepEqual(whole.a.frames, scene.a.frames);
  assert.equal(here(now()).length, 8);
  const cut = cutAt(now(), 12);
  assert.ok(!isAway(cut, 12) && isAway(cut, 11));
  store.update({ scene: { ...now(), a: { ...now().a, frames: [], away: new Map() }, computed: 0 } });
  await settled();
  assert.equal(counts.cleared, 1);
});

Deno.test("all tracks of an ensemble are put away, a frame that two of them show once", async () => {
  const scene = makeScene({ computed: 6, planned: 6, members: 3 });
  const shared = { ...scene, a: { ...scene.a, frames: scene.members[0]!.frames } };
  const { frames, kept } = fakeFrames();
  const store = makeStore(stateOf(shared, 6));
  const spill = new Spill(store, frames, () => 1);
  look(store, { step: 5, playing: true });
  await settled();
  const now = store.get().scene!;
  assert.deepEqual(here(now), [4, 5, 6]);
  // Three members, mean and spread.
  assert.equal(kept.size, 3 * 5);
  const whole = await spill.recall(now);
  assert.deepEqual(
    computedTracks(whole).map((track) => track.frames),
    computedTracks(shared).map((track) => track.frames),
  );
});

Deno.test("where nothing can be put away all stays in memory", async () => {
  const scene = makeScene({ computed: 10, planned: 10 });
  let asked = 0;
  const store = makeStore(stateOf(scene, 10));
  const refused = () => {
    asked++;
    return Promise.reject(new Error("no storage"));
  };
  const spill = new Spill(store, { put: refused, get: refused, clear: refused }, () => 1);
  look(store, { step: 9 });
  await settled();
  look(store, { step: 8 });
  await settled();
  assert.deepEqual([asked, here(store.get().scene!).length], [1, 10]);
  assert.equal(await spill.recall(store.get().scene!), store.get().scene);
});

Deno.test("what fits stays", () => {
  assert.equal(nextMove(makeScene({ computed: 20 }), 20, Infinity), null);
  assert.deepEqual(nextMove(makeScene({ computed: 20 }), 1, 1), { kind: "put", step: 19 });
});
