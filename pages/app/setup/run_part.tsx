// Set-up, third part: where the forecast starts, how far it goes, how it is computed.

import type { GridTreatment, WeightStorage } from "walrus";
import type { App } from "../page/app.ts";
import { PartHead } from "./part_head.tsx";
import { useSelect } from "../use_store.ts";
import type { Backend } from "./choice.ts";
import { NumberField } from "./number_field.tsx";

/** Most steps of a forecast. */
const MOST_STEPS = 10_000;
/** Most seeds: each is a forecast of its own. */
const MOST_SEEDS = 32;

/** See the head of the file. */
export function RunPart({ app }: { readonly app: App }) {
  const settings = useSelect(app.store, (state) => state.settings);
  const opened = useSelect(app.store, (state) => state.data.kind === "ready" ? state.data.opened : null);
  const frames = useSelect(app.store, (state) => state.use?.frames ?? 6);
  const compared = useSelect(app.store, (state) => state.compareChoice !== null);
  const last = opened ? opened.trajectory.steps - 1 : 0;
  const { start, stride, steps, seed, seeds } = settings;
  return (
    <div class="stack">
      <PartHead title="Start" />
      <div class="pairs">
        {opened && opened.split.trajectories > 1 && (
          <NumberField
            label="Trajectory"
            value={settings.trajectory}
            least={0}
            most={opened.split.trajectories - 1}
            onNumber={(value) => app.setTrajectory(value)}
          />
        )}
        <NumberField
          label="Start frame"
          value={start}
          least={0}
          most={Math.max(0, last - (frames - 1) * stride)}
          onNumber={(value) => app.setWindow({ start: value })}
        />
        <NumberField
          label="Steps"
          value={steps}
          least={1}
          most={MOST_STEPS}
          onNumber={(value) => app.setWindow({ steps: value })}
        />
        <NumberField
          label="Stride"
          value={stride}
          least={1}
          most={Math.max(1, Math.floor(last / Math.max(1, frames - 1)))}
          onNumber={(value) => app.setWindow({ stride: value })}
        />
        <NumberField
          label="First seed"
          value={seed}
          least={0}
          most={2 ** 31 - 1}
          onNumber={(value) => app.set({ seed: value })}
        />
        <NumberField
          label="Seeds"
          value={compared ? 1 : seeds}
          least={1}
          most={MOST_SEEDS}
          disabled={compared}
          onNumber={(value) => app.set({ seeds: value })}
        />
      </div>
      <details class="more">
        <summary>How it is computed</summary>
        <Computed app={app} />
      </details>
    </div>
  );
}

function Computed({ app }: { readonly app: App }) {
  const settings = useSelect(app.store, (state) => state.settings);
  const jitter = settings.jitter === null ? "model" : settings.jitter ? "on" : "off";
  return (
    <div class="pairs two">
      <label class="field">
        Jitter
        <select
          value={jitter}
          onChange={({ currentTarget: { value } }) =>
            app.set({ jitter: value === "model" ? null : value === "on" })}
        >
          <option value="model">as trained</option>
          <option value="on">on</option>
          <option value="off">off</option>
        </select>
      </label>
      <label class="field">
        Computes on
        <select
          value={settings.backend}
          onChange={({ currentTarget: { value } }) => app.set({ backend: value as Backend })}
        >
          <option value="auto">what is faster</option>
          <option value="wasm">processor</option>
          <option value="webgpu">graphics card</option>
        </select>
      </label>
      <label class="field">
        Weights
        <select
          value={settings.weights}
          onChange={({ currentTarget: { value } }) => app.set({ weights: value as WeightStorage })}
        >
          <option value="stored">as stored</option>
          <option value="int8">8 bits, less memory</option>
          <option value="f32">32 bits</option>
        </select>
      </label>
      <label class="field">
        Unusual grids
        <select
          value={settings.grid}
          onChange={({ currentTarget: { value } }) => app.setWindow({ grid: value as GridTreatment })}
        >
          <option value="auto">keep points, else resample</option>
          <option value="native">keep points</option>
          <option value="resample">resample and back</option>
          <option value="refuse">refuse</option>
        </select>
      </label>
    </div>
  );
}
