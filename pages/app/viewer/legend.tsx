// The legend of one scale: name, unit, ends, middle, how many cells lie beyond, and what has no number.

import { useLayoutEffect, useRef } from "preact/hooks";
import { packedTable } from "../../../app/figure/colors.ts";
import { endTexts, shareText } from "../../../app/figure/numbers.ts";
import { type Beyond, type Scale, valueAt } from "../../../app/figure/scale.ts";

/** What a legend says. */
export interface LegendProps {
  readonly name: string;
  /** Whether it stands under two panels. */
  readonly shared: boolean;
  readonly unit: string;
  readonly scale: Scale;
  /** Whether its ends are known. */
  readonly known: boolean;
  /** Of the cells shown; null where nothing is. */
  readonly beyond: Beyond | null;
}

function Bar({ scale: { map } }: { scale: Scale }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const target = canvas.current!.getContext("2d")!;
    const pixels = new Uint8ClampedArray(packedTable(map).buffer as ArrayBuffer);
    target.putImageData(new ImageData(pixels, 256, 1), 0, 0);
  }, [map]);
  return <canvas ref={canvas} class="legend-bar" width={256} height={1} aria-hidden="true" />;
}

/** How many cells lie beyond the ends, in words; null for none. */
export function beyondText({ below, above, count }: Beyond): string | null {
  if (below + above === 0 || count === 0) return null;
  const parts = [
    below > 0 ? `${shareText(below / count)} below` : "",
    above > 0 ? `${shareText(above / count)} above` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** A legend. */
export function Legend({ name, shared, unit, scale, known, beyond }: LegendProps) {
  const [low, middle, high] = known ? endTexts([scale.low, valueAt(scale, 0.5), scale.high]) : ["", "", ""];
  const outside = beyond && beyondText(beyond);
  return (
    <div class={shared ? "legend shared" : "legend"}>
      <p class="legend-name">
        <b>{name}</b> <span>{unit}{scale.log ? ", log scale" : ""}</span>
      </p>
      <Bar scale={scale} />
      <p class="legend-ends">
        <span>{low}</span>
        <span>{middle}</span>
        <span>{high}</span>
      </p>
      <p class="legend-beyond">
        {!known
          ? "Ends come with the first step"
          : outside
          ? `Beyond the scale: ${outside}`
          : "No cell beyond"}
      </p>
    </div>
  );
}

/** What the patterns mean, where they occur. */
export function PatternKey({ hidden, broken }: { hidden: boolean; broken: boolean }) {
  if (!hidden && !broken) return null;
  return (
    <ul class="pattern-key">
      {hidden && (
        <li>
          <i class="swatch hatch" />hidden cells, in no mean
        </li>
      )}
      {broken && (
        <li>
          <i class="swatch checks" />not finite
        </li>
      )}
    </ul>
  );
}
