// A field for a number: taken when it is whole and within its ends, told why when it is not.

import { useState } from "preact/hooks";

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** Whole numbers unless given. */
  readonly step?: "any";
  readonly disabled?: boolean;
  onNumber(value: number): void;
}

/** See the head of the file. */
export function NumberField(
  { label, value, least, most, step, disabled = false, onNumber }: NumberFieldProps,
) {
  const [wrong, setWrong] = useState<string | null>(null);
  return (
    <label class="field">
      {label}
      <input
        type="number"
        min={least}
        max={most}
        step={step ?? 1}
        value={value}
        disabled={disabled}
        required
        aria-invalid={wrong !== null}
        onChange={(event) => {
          const input = event.currentTarget;
          const own = input.valueAsNumber;
          const fits = Number.isFinite(own) && own >= least && own <= most && (step || Number.isInteger(own));
          setWrong(fits ? null : `${input.value || "Nothing"} does not fit: ${least} to ${most}.`);
          if (fits) onNumber(own);
        }}
      />
      {wrong && <span class="wrong" role="alert">{wrong}</span>}
    </label>
  );
}
