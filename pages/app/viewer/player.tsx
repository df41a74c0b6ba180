// The player's buttons, and the scrubber over the steps that are computed.

import type { Scene, View } from "../scene.ts";
import { timeOf } from "../scene.ts";
import { timeText } from "../../../app/figure/numbers.ts";
import { look, type ViewerStore } from "../state.ts";
import { clampStep, goTo, goToNewest, type Playing, shownRange, SPEEDS } from "./playing.ts";
import { stepText, timeWords } from "./texts.ts";

/** Outlines of the buttons on a square of 16. */
const ICONS = {
  first: "M3 3v10M13 3 6 8l7 5z",
  back: "M11 3 4 8l7 5z",
  play: "M4 2.5 13 8l-9 5.5z",
  pause: "M5 3v10M11 3v10",
  on: "M5 3l7 5-7 5z",
  last: "M13 3v10M3 3l7 5-7 5z",
} as const;

function Icon({ name }: { name: keyof typeof ICONS }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width={16} height={16} aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

function Move({ icon, label, to, off, extra = false }: {
  icon: keyof typeof ICONS;
  label: string;
  to: () => void;
  off: boolean;
  extra?: boolean;
}) {
  // Not `disabled`: focus stays where it is at the ends.
  return (
    <button
      type="button"
      class={extra ? "square extra" : "square"}
      aria-label={label}
      title={label}
      aria-disabled={off}
      onClick={() => !off && to()}
    >
      <Icon name={icon} />
    </button>
  );
}

/** In words where the scrubber is. */
function valueText(scene: Scene, step: number): string {
  const done = scene.computed > 0 ? `computed to ${scene.computed}` : "nothing computed yet";
  return `${stepText(scene, step)}, ${timeWords(scene, step)}, ${done}`;
}

function Scrubber({ store, scene, step }: { store: ViewerStore; scene: Scene; step: number }) {
  const [first, last] = shownRange(scene);
  const { planned } = scene.steps;
  const share = (at: number) => `${(100 * (at - first)) / Math.max(1, planned - first)}%`;
  return (
    <span class="scrubber" style={{ "--computed": share(last), "--inputs": share(0), "--head": share(step) }}>
      <input
        type="range"
        min={first}
        max={planned}
        step={1}
        value={step}
        aria-label="Step"
        aria-valuetext={valueText(scene, step)}
        onInput={({ currentTarget }) => {
          const wanted = clampStep(scene, currentTarget.valueAsNumber);
          goTo(store, wanted);
          // Beyond what is computed the thumb goes back at once.
          currentTarget.value = String(wanted);
        }}
      />
    </span>
  );
}

/** The player. */
export function Player({ store, scene, view, playing }: {
  store: ViewerStore;
  scene: Scene;
  view: View;
  playing: Playing;
}) {
  const [first, last] = shownRange(scene);
  const { step } = view;
  const go = (to: number) => () => goTo(store, to);
  return (
    <div class="player" role="group" aria-label="Player">
      <div class="player-main">
        <Move icon="first" label="First frame" to={go(first)} off={step <= first} extra />
        <Move icon="back" label="Step back" to={go(step - 1)} off={step <= first} />
        <button
          type="button"
          class="play"
          aria-label={view.playing ? "Pause" : "Play"}
          title={view.playing ? "Pause (Space)" : "Play (Space)"}
          onClick={playing.toggle}
        >
          <Icon name={view.playing ? "pause" : "play"} />
        </button>
        <Move icon="on" label="Step forward" to={go(step + 1)} off={step >= last} />
        <Move icon="last" label="Last computed step" to={go(last)} off={step >= last} extra />
        <Scrubber store={store} scene={scene} step={step} />
        <span class="player-short" aria-hidden="true">{step}/{scene.steps.planned}</span>
        <output class="player-step" aria-hidden="true">
          <b>{stepText(scene, step)}</b>
          <span>
            t = {timeText(timeOf(scene.steps, step))}
            {scene.steps.timeUnit ? ` ${scene.steps.timeUnit}` : ""}
          </span>
        </output>
      </div>
      <div class="player-more">
        <label class="inline">
          <span>Speed</span>
          <select
            value={view.speed}
            onChange={({ currentTarget }) => look(store, { speed: Number(currentTarget.value) })}
          >
            {SPEEDS.map((speed) => (
              <option key={speed} value={speed}>{speed} {speed === 1 ? "step" : "steps"}/s</option>
            ))}
          </select>
        </label>
        <label class="inline">
          <input
            type="checkbox"
            checked={view.loop}
            onChange={({ currentTarget }) => look(store, { loop: currentTarget.checked })}
          />
          Loop
        </label>
        <button
          type="button"
          aria-pressed={view.follow}
          onClick={() => goToNewest(store)}
        >
          Newest
        </button>
        <p class="hint" aria-live="off">
          {playing.waiting
            ? `Waiting for step ${step + 1}`
            : playing.held
            ? "Held at 3 steps/s: it flashes"
            : ""}
        </p>
      </div>
    </div>
  );
}
