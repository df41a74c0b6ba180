// Writes docs/fields.md: the released field table with the meaning of every name.

import { RELEASED_FIELDS } from "../../lib/models/walrus/config.ts";
import { FIELD_MEANINGS } from "../../lib/models/walrus/field_meanings.ts";
import { parseLearnt } from "../../lib/models/learnt.ts";
import { inRepository } from "../shared.ts";

const HEAD = `# The 67 fields

The network has a place, a column, for each name below. A field of yours goes to the column of its name; where
it is called otherwise, \`--map YOURS=NAME\` (in training \`data.field_map\`) says which one is meant. A vector
\`velocity\` of a file is \`velocity_x\`, \`velocity_y\`, \`velocity_z\` here, a matrix \`D\` is \`D_xx\`, \`D_xy\`, ..;
each component is mapped by itself: \`--map u_x=velocity_x --map u_y=velocity_y --map u_z=velocity_z\`, in the
plane too, where the third is 0.

Every window is scaled by its own root mean square, so units do not matter. What does matter is whether the
network was trained on the field: the released one on those for which data sets are named (their places for
others are empty), the shipped one on those with a mark. A network knows this of itself (\`learnt.yaml\` beside its
weights), and a forecast of a field that it has not learnt warns. New fields are
[finetuned](training.md): names that the table lacks get new columns.

This page is written by \`deno task docs:fields\`.

| column | name | what it is | released: trained on | shipped |
| ------ | ---- | ---------- | -------------------- | ------- |
`;

/** The page. */
export function fieldsPage(learnt: ReadonlySet<string>): string {
  const rows = FIELD_MEANINGS.flatMap(({ names, meaning, systems }) =>
    names.map((name) => {
      const column = RELEASED_FIELDS[name];
      return `| ${column} | \`${name}\` | ${meaning} | ${systems || "-"} | ${
        learnt.has(name) ? "yes" : ""
      } |`;
    })
  );
  return `${HEAD}${rows.join("\n")}\n`;
}

/** Names that the shipped network has learnt. */
export async function shippedFields(): Promise<ReadonlySet<string>> {
  const text = await Deno.readTextFile(inRepository("examples/walrus_small/learnt.yaml"));
  return new Set(Object.keys(parseLearnt(text).fields));
}

/** Rows of a table without the blanks that align them. */
export function bare(text: string): string {
  return text.replace(/ +\|/g, " |").replace(/\| +/g, "| ").replace(/-{3,}/g, "---").replace(/\s+/g, " ")
    .trim();
}

if (import.meta.main) {
  await Deno.writeTextFile(inRepository("docs/fields.md"), fieldsPage(await shippedFields()));
}
