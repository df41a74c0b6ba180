// The menu of colours: map, own limits as fields, logarithm, back to what the data give.

import { useState } from "preact/hooks";
import { FIELD_MAPS } from "../../../app/figure/colors.ts";
import { plainNumber } from "../../../app/figure/numbers.ts";
import type { ColourMap, Quantity, View } from "../scene.ts";
import { look, type ViewerStore } from "../state.ts";
import { Menu } from "./menu.tsx";
import type { Scales } from "./scales.ts";

/** A limit as text; taken over when it is a number on the right side of the other. */
function LimitField({ label, value, set, valid }: {
  label: string;
  value: number;
  set: (value: number) => void;
  valid: (value: number) => boolean;
}) {
  const [draft, setDraft] = useState<string | null>(null);
  const shown = draft ?? plainNumber(value, 6);
  const number = Number(shown);
  const wrong = shown.trim() === "" || !valid(number);
  return (
    <label class="field">
      {label}
      <input
        type="text"
        inputMode="decimal"
        value={shown}
        aria-invalid={wrong}
        onInput={({ currentTarget }) => {
          setDraft(currentTarget.value);
          const next = Number(currentTarget.value);
          if (currentTarget.value.trim() !== "" && valid(next)) set(next);
        }}
        onBlur={() => setDraft(null)}
      />
    </label>
  );
}

/** The menu. */
export function ColorMenu({ store, view, scales, quantity }: {
  store: ViewerStore;
  view: View;
  scales: Scales | null;
  quantity: Quantity;
}) {
  const own = view.low !== null || view.high !== null || view.map !== "auto" || view.log;
  const field = scales?.field;
  return (
    <Menu label="Colours">
      <label class="field">
        Map
        <select
          value={view.map}
          onChange={({ currentTarget }) => look(store, { map: currentTarget.value as ColourMap })}
        >
          <option value="auto">
            by sign{scales ? ` (${view.map === "auto" ? scales.field.map : "auto"})` : ""}
          </option>
          {FIELD_MAPS.map((map) => <option key={map} value={map}>{map}</option>)}
        </select>
      </label>
      {field && (
        <div class="field-pair">
          <LimitField
            label="Low"
            value={field.low}
            valid={(low) => Number.isFinite(low) && low < field.high}
            set={(low) => look(store, { low })}
          />
          <LimitField
            label="High"
            value={field.high}
            valid={(high) => Number.isFinite(high) && high > field.low}
            set={(high) => look(store, { high })}
          />
        </div>
      )}
      <label class="inline">
        <input
          type="checkbox"
          checked={view.log}
          disabled={!quantity.positive}
          onChange={({ currentTarget }) => look(store, { log: currentTarget.checked })}
        />
        Log scale
      </label>
      {!quantity.positive && <p class="hint">Only for fields that are above 0 everywhere.</p>}
      <button
        type="button"
        aria-disabled={!own}
        onClick={() => look(store, { low: null, high: null, map: "auto", log: false })}
      >
        Reset
      </button>
    </Menu>
  );
}
