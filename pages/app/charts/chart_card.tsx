// A chart with its title, its numbers as a table, and the files it can be taken away as.

import { useRef, useState } from "preact/hooks";
import { shortNumber } from "../../../app/figure/numbers.ts";
import { drawSvg, pngBlob, save, svgText } from "./export.ts";
import { LineChart } from "./line_chart.tsx";
import { type ChartData, csvText, tableOf } from "./series.ts";

/** Values of the lines at an x, in words. */
function readout({ series, xName, below }: ChartData, at: number): string {
  const values = series.flatMap(({ label, id, points }) => {
    const value = points.find(([x]) => x === at)?.[1];
    return value === undefined || Number.isNaN(value) ? [] : [`${label ?? id} ${shortNumber(value, 3)}`];
  });
  const where = below ? `${xName} ${at}` : `${at} ${xName}`;
  return values.length === 0 ? "" : `${where}: ${values.slice(0, 6).join(", ")}`;
}

function Numbers({ data }: { data: ChartData }) {
  const { head, rows } = tableOf(data);
  return (
    <div class="chart-table" tabIndex={0} role="region" aria-label={`Numbers of ${data.title}`}>
      <table>
        <caption class="out-of-sight">{data.title}, {data.subtitle}</caption>
        <thead>
          <tr>{head.map((name) => <th key={name} scope="col">{name}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row[0]}>
              {row.map((value, i) =>
                i === 0
                  ? <th key={i} scope="row">{value}</th>
                  : <td key={i}>{value === null ? "" : shortNumber(value, 4)}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The chart in words. */
function inWords(data: ChartData): string {
  const names = data.series.flatMap(({ label }) => label ?? []);
  return `${data.title}, ${data.subtitle}, against ${data.xName}${
    names.length > 0 ? `: ${names.join(", ")}` : ""
  }`;
}

/** A chart and all that goes with it. `file`: the beginning of its files' names. */
export function ChartCard({ data, file, pick }: {
  data: ChartData;
  file: string;
  pick: ((x: number) => void) | null;
}) {
  const [at, hover] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  const root = useRef<HTMLElement>(null);
  const name = `${file}_${data.id}`;
  const svg = () => svgText(root.current!.querySelector(".chart-box svg")!, data.title, data.subtitle);
  const files: readonly (readonly [string, () => Promise<Blob> | Blob])[] = [
    ["SVG", () => new Blob([svg()], { type: "image/svg+xml" })],
    ["PNG", async () => await pngBlob(await drawSvg(svg(), 2))],
    ["CSV", () => new Blob([csvText(tableOf(data))], { type: "text/csv" })],
  ];
  return (
    <section class={`chart chart-${data.id}`} ref={root} aria-label={data.title}>
      <h3>{data.title}</h3>
      <p class="hint">{data.subtitle}</p>
      <LineChart data={data} text={inWords(data)} at={at} hover={hover} pick={pick} />
      <p class="hint chart-readout">{at !== null ? readout(data, at) : data.note ?? ""}</p>
      <div class="chart-tools">
        <button
          type="button"
          aria-label={`Table of ${data.title}`}
          aria-pressed={table}
          onClick={() => setTable(!table)}
        >
          Table
        </button>
        {files.map(([kind, make]) => (
          <button
            key={kind}
            type="button"
            aria-label={`${kind} of ${data.title}`}
            onClick={async () => save(await make(), `${name}.${kind.toLowerCase()}`)}
          >
            {kind}
          </button>
        ))}
      </div>
      {table && <Numbers data={data} />}
    </section>
  );
}
