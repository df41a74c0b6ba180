// The charts under the panels: error, spectrum, total of the quantity shown.

import { useEffect, useMemo, useState } from "preact/hooks";
import { frameAt, quantityIndex, type Scene } from "../scene.ts";
import type { PartProps } from "../state.ts";
import { type Work, work as pageWork } from "../take/work.ts";
import { useSelect } from "../use_store.ts";
import { goTo } from "../viewer/playing.ts";
import { ChartCard } from "./chart_card.tsx";
import { CheckCard } from "./check_card.tsx";
import { ensembleTable, physicsTable } from "./checks.ts";
import { periodicAxes, type Spectrum, spectrumChart, spectrumRequests } from "./spectrum.ts";
import { totalsChart } from "./totals.ts";
import { vrmseChart } from "./vrmse.ts";

const known = new WeakMap<Float32Array, Promise<readonly number[]>>();

function powerOf(work: Work, { grid, hidden }: Scene, numbers: Float32Array): Promise<readonly number[]> {
  let power = known.get(numbers);
  if (!power) {
    const shape = grid.axes.map(({ points }) => points);
    power = work.run("spectrum", { numbers, shape, periodic: periodicAxes(grid), hidden });
    power.catch(() => known.delete(numbers));
    known.set(numbers, power);
  }
  return power;
}

/** Spectra of a step; those of the step before stay until they are there. */
function useSpectra(work: Work, scene: Scene | null, quantity: number, step: number) {
  const [shown, setShown] = useState<{ step: number; spectra: Spectrum[] }>({ step, spectra: [] });
  const computed = scene?.computed;
  // A frame that was away comes back.
  const here = frameAt(scene?.a ?? null, step);
  useEffect(() => {
    if (!scene) return;
    let late = false;
    const requests = spectrumRequests(scene, quantity, step);
    const all = requests.map(async ({ id, label, numbers }) => ({
      id,
      label,
      power: await powerOf(work, scene, numbers),
    }));
    Promise.all(all).then(
      (spectra) => late || setShown({ step, spectra }),
      () => late || setShown({ step, spectra: [] }),
    );
    return () => void (late = true);
  }, [work, scene?.id, quantity, step, computed, here]);
  return shown;
}

/** The charts. `work`: where spectra are measured; the page's worker unless given. */
export function Charts({ store, work = pageWork }: PartProps & { readonly work?: Work }) {
  const scene = useSelect(store, (state) => state.scene);
  const step = useSelect(store, (state) => state.view.step);
  const key = useSelect(store, (state) => state.view.quantity);
  const quantity = scene ? quantityIndex(scene, { ...store.get().view, quantity: key }) : 0;
  const { step: measured, spectra } = useSpectra(work, scene, quantity, step);
  const vrmse = useMemo(() => scene && vrmseChart(scene, quantity, step), [scene, quantity, step]);
  const totals = useMemo(() => scene && totalsChart(scene, quantity, step), [scene, quantity, step]);
  const spectrum = useMemo(
    () => scene && spectrumChart(scene, quantity, measured, spectra),
    [scene, quantity, measured, spectra],
  );
  const checks = useMemo(
    () => scene ? [physicsTable(scene, step), ensembleTable(scene)].filter((table) => table !== null) : [],
    [scene, step],
  );
  if (!scene || !vrmse || !totals || !spectrum) return null;
  const file = `${scene.name}_${scene.quantities[quantity]!.key}`;
  const pick = (x: number) => goTo(store, x);
  return (
    <section class="charts card" aria-label="Charts">
      <h2 class="out-of-sight">Charts</h2>
      <ChartCard data={vrmse} file={file} pick={pick} />
      <ChartCard data={spectrum} file={file} pick={null} />
      <ChartCard data={totals} file={file} pick={pick} />
      {checks.map((table) => <CheckCard key={table.id} table={table} />)}
    </section>
  );
}
