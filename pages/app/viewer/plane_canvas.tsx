// One plane on its canvas, with the crosshair over it and the ends of its axes beside it.

import { useLayoutEffect, useRef } from "preact/hooks";
import { shortNumber } from "../../../app/figure/numbers.ts";
import type { Plane } from "../../../app/figure/plane.ts";
import type { Scale } from "../../../app/figure/scale.ts";
import { patternUnit } from "../../../app/figure/patterns.ts";
import type { SceneAxis, SceneGrid } from "../scene.ts";
import { cellAt } from "./geometry.ts";
import type { PlacedPlane } from "./layout.ts";
import { cellBox, seenCells } from "./lens.ts";
import type { Painter } from "./painter.ts";

/** What is drawn where. */
export interface PlaneCanvasProps {
  readonly grid: SceneGrid;
  readonly placed: PlacedPlane;
  /** Null: nothing to draw, the canvas stays. */
  readonly plane: Plane | null;
  readonly scale: Scale;
  readonly painter: Painter;
  /** Device pixels of a CSS pixel. */
  readonly density: number;
  /** The picture in words. */
  readonly text: string;
  readonly probe: readonly number[] | null;
}

/** Coordinates of two points of an axis. */
function ends({ coordinates }: SceneAxis, [low, high]: readonly [number, number]): readonly string[] {
  return [coordinates[low] ?? low, coordinates[high] ?? high].map((value) => shortNumber(value));
}

/** Points at the left (lower) and right (upper) end of what is seen. */
function seenEnds({ geometry: { cells, flipped }, lens }: PlacedPlane, i: 0 | 1): readonly [number, number] {
  const [from, to] = [lens.first[i], lens.first[i] + lens.count[i] - 1];
  const last = cells[i] - 1;
  // Rows count from the top, points of the axis from below.
  const [low, high] = i === 0 ? [from, to] : [last - to, last - from];
  return flipped[i] ? [last - low, last - high] : [low, high];
}

function AxisEnds({ axis, seen, up, length }: {
  axis: SceneAxis;
  seen: readonly [number, number];
  up: boolean;
  length: number;
}) {
  // Where there is no room for three words, the name alone.
  const [low, high] = length < 96 ? ["", ""] : ends(axis, seen);
  return (
    <div class={up ? "axis axis-up" : "axis axis-right"} aria-hidden="true">
      <span>{low}</span>
      <span>{axis.name}{axis.unit ? ` (${axis.unit})` : ""}</span>
      <span>{high}</span>
    </div>
  );
}

function Crosshair({ placed: { lens, geometry }, probe, density }: {
  placed: PlacedPlane;
  probe: readonly number[];
  density: number;
}) {
  const { left, top, width, height } = cellBox(lens, cellAt(geometry, probe));
  // Lines of one pixel lie on halves.
  const [x, y] = [left + width / 2, top + height / 2].map((at) => Math.floor(at / density) + 0.5) as [
    number,
    number,
  ];
  const [across, down] = [lens.size[0] / density, lens.size[1] / density];
  if (x < 0 || y < 0 || x > across || y > down) return null;
  const [halfWidth, halfHeight] = [Math.max(4, width / density / 2), Math.max(4, height / density / 2)];
  const path = `M0 ${y}H${x - halfWidth}M${x + halfWidth} ${y}H${across}` +
    `M${x} 0V${y - halfHeight}M${x} ${y + halfHeight}V${down}`;
  return (
    <svg class="crosshair" width={across} height={down} aria-hidden="true">
      <path d={path} class="crosshair-halo" />
      <path d={path} />
      <rect
        x={x - halfWidth}
        y={y - halfHeight}
        width={2 * halfWidth}
        height={2 * halfHeight}
        class="crosshair-halo"
      />
      <rect x={x - halfWidth} y={y - halfHeight} width={2 * halfWidth} height={2 * halfHeight} />
    </svg>
  );
}

/** A plane. */
export function PlaneCanvas(props: PlaneCanvasProps) {
  const { grid, placed, plane, scale, painter, density, text, probe } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const { lens, geometry } = placed;
  const [width, height] = lens.size;
  useLayoutEffect(() => {
    const element = canvas.current!;
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
    const target = element.getContext("2d", { alpha: true })!;
    if (!plane) target.clearRect(0, 0, width, height);
    else {
      const { zoom, offset, size } = lens;
      const cells = seenCells(plane, lens);
      painter.draw({ cells, scale, zoom, offset, size, unit: patternUnit(density) }, target);
    }
    // `painter` may go from one way of drawing to another: then it has another kind.
  }, [plane, scale, lens, density, painter, painter.kind]);
  const size = { width: `${width / density}px`, height: `${height / density}px` };
  const up = geometry.up === null ? null : grid.axes[geometry.up]!;
  return (
    <div
      class="plane"
      style={{ gridColumn: placed.column, gridRow: placed.row }}
    >
      {up
        ? <AxisEnds axis={up} seen={seenEnds(placed, 1)} length={height / density} up />
        : <span class="axis axis-up" />}
      <div class="picture" style={size} data-right={geometry.right} data-up={geometry.up ?? ""}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={plane ? text : `${text}: nothing to show`}
          width={width}
          height={height}
          style={size}
        />
        {probe && plane && <Crosshair placed={placed} probe={probe} density={density} />}
      </div>
      <AxisEnds
        axis={grid.axes[geometry.right]!}
        seen={seenEnds(placed, 0)}
        length={width / density}
        up={false}
      />
    </div>
  );
}
