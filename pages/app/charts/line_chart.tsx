// A chart as SVG: lines, marks, names at the ends of lines, a rule at what the panels show. Every point is drawn as it
// is: nothing is smoothed or left out.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { shortNumber } from "../../../app/figure/numbers.ts";
import { evenTicks, logTicks, shareOf, wholeTicks } from "./axes.ts";
import { placeLabels } from "./labels.ts";
import type { ChartData, Series } from "./series.ts";

/** CSS pixels around the plot. */
const LEFT = 58, TOP = 12, BOTTOM = 44, BELOW = 18, HEIGHT = 240;
/** Height of a name, and about the width of a letter. */
const LINE = 17, LETTER = 7.3;

/** A mark's number: `0.01`, `1e-6`, `100.2`. */
export function tickText(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e5) return shortNumber(value, 2).replace(/\.0(?=e)/, "");
  return String(Number(value.toPrecision(6)));
}

/** Share of a chart's width that names may take. */
const NAMES = 0.34;

/** Where things lie in a chart of some width. */
function frameOf(data: ChartData, width: number) {
  const roomFor = (labels: readonly (string | null)[]) =>
    LETTER * Math.max(0, ...labels.map((label) => (label ?? "").length)) + 12;
  const labels = data.series.map(({ label }) => label);
  // Where there is no room for `A: Walrus small` it is A.
  const name = (label: string) =>
    roomFor(labels) > width * NAMES ? label.replace(/^([AB]): .*/, "$1") : label;
  const right = Math.min(Math.max(40, roomFor(labels.map((label) => label && name(label)))), width * NAMES);
  const bottom = HEIGHT - BOTTOM;
  const x = (value: number) => LEFT + shareOf(data.x, value) * (width - LEFT - right);
  const y = (value: number) => bottom - shareOf(data.y, value) * (bottom - TOP);
  return { x, y, bottom, right: width - right, name };
}

type Frame = ReturnType<typeof frameOf>;

/** A line's path; gaps where there is no value. */
function pathOf({ points }: Series, { x, y }: Frame): string {
  let drawing = false;
  let path = "";
  for (const [a, b] of points) {
    const [px, py] = [x(a), y(b)];
    if (!Number.isFinite(py)) {
      drawing = false;
      continue;
    }
    path += `${drawing ? "L" : "M"}${px.toFixed(2)} ${py.toFixed(2)}`;
    drawing = true;
  }
  return path;
}

/** The last point of a line that has a value. */
function endOf({ points }: Series): readonly [number, number] | null {
  return points.findLast(([, value]) => Number.isFinite(value)) ?? null;
}

function Marks({ data, frame, width }: { data: ChartData; frame: Frame; width: number }) {
  const { x, y, bottom, right } = frame;
  const most = Math.max(2, Math.floor((right - LEFT) / 56));
  const ys = data.y.log ? logTicks(data.y, 5) : evenTicks(data.y, 5);
  const xs = data.x.log ? logTicks(data.x, most) : wholeTicks(data.x, most);
  return (
    <g>
      {ys.map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={right} y1={y(value)} y2={y(value)} stroke="var(--rule)" />
          <text x={LEFT - 8} y={y(value) + 4.5} text-anchor="end" fill="var(--faint)">{tickText(value)}</text>
        </g>
      ))}
      {xs.map((value) => (
        <g key={value}>
          <line x1={x(value)} x2={x(value)} y1={bottom} y2={bottom + 4} stroke="var(--edge)" />
          <text x={x(value)} y={bottom + 18} text-anchor="middle" fill="var(--ink)">{tickText(value)}</text>
          {data.below && (
            <text x={x(value)} y={bottom + 18 + BELOW} text-anchor="middle" fill="var(--faint)">
              {data.below(value)}
            </text>
          )}
        </g>
      ))}
      <line x1={LEFT} x2={right} y1={bottom} y2={bottom} stroke="var(--edge)" />
      {data.below
        ? (
          <>
            <text x={LEFT - 25} y={bottom + 18} text-anchor="end" fill="var(--ink)">{data.xName}</text>
            <text x={LEFT - 25} y={bottom + 18 + BELOW} text-anchor="end" fill="var(--faint)">time</text>
          </>
        )
        : (
          <text x={(LEFT + right) / 2} y={bottom + 18 + BELOW} text-anchor="middle" fill="var(--faint)">
            {data.xName}
          </text>
        )}
      {data.level && shareOf(data.y, data.level.value) <= 1 && (
        <g>
          <line
            x1={LEFT}
            x2={right}
            y1={y(data.level.value)}
            y2={y(data.level.value)}
            stroke="var(--faint)"
            stroke-width={1}
          />
          <text
            x={LEFT + 6}
            y={y(data.level.value) + 15}
            fill="var(--faint)"
            stroke="var(--card)"
            stroke-width={4}
            paint-order="stroke"
          >
            {data.level.label}
          </text>
        </g>
      )}
      <rect x={0} y={0} width={width} height={HEIGHT} fill="none" />
    </g>
  );
}

function Names({ data, frame }: { data: ChartData; frame: Frame }) {
  const named = data.series.flatMap((series) => {
    const end = endOf(series);
    return series.label && end ? [{ series, name: frame.name(series.label), end }] : [];
  });
  const wanted = named.map(({ end }) => frame.y(end[1]));
  const places = placeLabels(wanted, LINE, [TOP, frame.bottom - 6]);
  return (
    <g>
      {named.map(({ series, name, end }, i) => {
        const [x, y] = [frame.x(end[0]), wanted[i]!];
        const at = frame.right + 8;
        const color = `var(${series.color})`;
        // A thin thread where a name stands away from its line, or the line ends early.
        const far = Math.abs(places[i]! - y) > 3 || at - x > 12;
        return (
          <g key={series.id}>
            {far && (
              <path
                d={`M${x + 4} ${y}L${at - 3} ${places[i]}`}
                stroke={color}
                stroke-dasharray="1 4"
                stroke-linecap="round"
                fill="none"
              />
            )}
            <circle cx={x} cy={y} r={series.thin ? 2 : 3} fill={color} />
            <text x={at} y={places[i]! + 4.5} fill={color}>{name}</text>
          </g>
        );
      })}
    </g>
  );
}

function Rule({ data, frame, at, strong }: { data: ChartData; frame: Frame; at: number; strong: boolean }) {
  const x = frame.x(at);
  return (
    <g class="live" pointer-events="none">
      <line
        x1={x}
        x2={x}
        y1={TOP}
        y2={frame.bottom}
        stroke={strong ? "var(--ink)" : "var(--edge)"}
        stroke-width={strong ? 1 : 1.5}
        stroke-dasharray={strong ? "none" : "2 3"}
      />
      {strong && data.series.map((series) => {
        const value = series.points.find(([x]) => x === at)?.[1];
        return value !== undefined && Number.isFinite(frame.y(value)) && (
          <circle
            key={series.id}
            cx={x}
            cy={frame.y(value)}
            r={3.5}
            fill="var(--card)"
            stroke={`var(${series.color})`}
            stroke-width={2}
          />
        );
      })}
    </g>
  );
}

/** x of a line's point nearest to a place. */
function nearest(data: ChartData, frame: Frame, place: number): number | null {
  const xs = data.series.flatMap(({ points }) => points.map(([x]) => x));
  return xs.reduce<number | null>(
    (best, x) => best === null || Math.abs(frame.x(x) - place) < Math.abs(frame.x(best) - place) ? x : best,
    null,
  );
}

/** A chart; `hover` is told where the pointer is, `pick` where it was pressed. */
export function LineChart({ data, text, at, hover, pick }: {
  data: ChartData;
  /** The chart in words. */
  text: string;
  /** Where the pointer is; null: nowhere. */
  at: number | null;
  hover: (x: number | null) => void;
  pick: ((x: number) => void) | null;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setWidth(box.current!.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const frame = frameOf(data, width);
  const drawn = data.series.some((series) => endOf(series) !== null);
  const place = (event: MouseEvent) =>
    nearest(data, frame, event.clientX - box.current!.getBoundingClientRect().left);
  return (
    <div
      class="chart-box"
      ref={box}
      style={{ height: `${HEIGHT}px` }}
      onPointerMove={(event) => hover(place(event))}
      onPointerLeave={() => hover(null)}
      onClick={(event) => {
        const x = place(event);
        if (x !== null) pick?.(x);
      }}
    >
      {width > 0 && (
        <svg width={width} height={HEIGHT} role="img" aria-label={text} font-size="13">
          <Marks data={data} frame={frame} width={width} />
          {data.rule !== null && <Rule data={data} frame={frame} at={data.rule} strong={false} />}
          {data.series.map((series) => (
            <path
              key={series.id}
              d={pathOf(series, frame)}
              fill="none"
              stroke={`var(${series.color})`}
              stroke-width={series.thin ? 1 : 2}
              stroke-opacity={series.thin ? 0.7 : 1}
              stroke-dasharray={series.dashed ? "6 4" : "none"}
              stroke-linejoin="round"
            />
          ))}
          {at !== null && <Rule data={data} frame={frame} at={at} strong />}
          <Names data={data} frame={frame} />
        </svg>
      )}
      {!drawn && <p class="chart-empty">{data.empty}</p>}
    </div>
  );
}
