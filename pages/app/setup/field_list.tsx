// A row for each field of the data: name, range, and whether the network has learnt it. Marks can be told apart without
// colour. What is not known gets a name, or is left out.

import type { App } from "../page/app.ts";
import { number } from "../words.ts";
import { type FieldRow, type Known, markWords, type Use } from "./describe.ts";

const SIGNS: Readonly<Record<Known, string>> = { learnt: "✓", listed: "!", unknown: "?", mask: "▦" };

/** See the head of the file. */
export function FieldList({ app, use }: { readonly app: App; readonly use: Use }) {
  const known = use.rows.filter(({ known, used }) => known === "learnt" && used).length;
  return (
    <div class="stack">
      <ul class="fields" aria-label={`Fields: ${known} of ${use.rows.length} learnt`}>
        {use.rows.map((row) => <Row key={row.name} app={app} row={row} use={use} />)}
      </ul>
      <p class="small faint">Ranges over the input frames; no units given.</p>
    </div>
  );
}

function Row({ app, row, use }: { readonly app: App; readonly row: FieldRow; readonly use: Use }) {
  const { name, range, known, used } = row;
  const sign = used ? SIGNS[known] : "–";
  return (
    <li class={`field-row ${used ? known : "left"}`}>
      <span class="sign" aria-hidden="true">{sign}</span>
      <span class="name">{name}</span>
      <span class="range">{range && `${number(range[0], 3)} to ${number(range[1], 3)}`}</span>
      <span class="mark">{markWords(row)}</span>
      {(known === "unknown" || row.mapped || !used) && <Mend app={app} row={row} use={use} />}
    </li>
  );
}

/** What can be done about a field that is not known. */
function Mend({ app, row, use }: { readonly app: App; readonly row: FieldRow; readonly use: Use }) {
  const { settings } = app.store.get();
  const { name, used, near, mapped } = row;
  const others = use.table.filter((own) => !near.includes(own));
  const setMap = (to: string) => {
    const { [name]: _, ...map } = settings.map;
    app.setWindow({ map: to ? { ...map, [name]: to } : map });
  };
  const setUsed = (use: boolean) =>
    app.setWindow({
      leftOut: use ? settings.leftOut.filter((own) => own !== name) : [...settings.leftOut, name],
    });
  return (
    <div class="row mend">
      {used && use.table.length > 0 && (
        <select
          aria-label={`Name of ${name} in the network's table`}
          value={mapped ?? ""}
          onChange={(event) => setMap(event.currentTarget.value)}
        >
          <option value="">Choose a name</option>
          {near.length > 0 && (
            <optgroup label="Perhaps">
              {near.map((own) => <option key={own}>{own}</option>)}
            </optgroup>
          )}
          <optgroup label="All">
            {others.map((own) => <option key={own}>{own}</option>)}
          </optgroup>
        </select>
      )}
      <button type="button" onClick={() => setUsed(!used)}>{used ? "Leave out" : "Take in"}</button>
    </div>
  );
}
