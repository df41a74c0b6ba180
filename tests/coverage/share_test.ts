// Shares of lines from a report written by hand.

import assert from "node:assert/strict";
import { readLcov, shareOf, within } from "./share.ts";

const LCOV = `SF:/home/me/lib/ir/node.ts
DA:1,4
DA:2,0
DA:3,1
DA:9,2
LH:3
LF:4
end_of_record
SF:/home/me/lib/backend/wasm/modules/plain.ts
DA:1,0
end_of_record
SF:/home/me/app/cli.ts
DA:7,0
end_of_record
`;

Deno.test("readLcov() counts lines of each file and those that ran", () => {
  assert.deepEqual(readLcov(LCOV).map(({ lines, ran }) => [lines, ran]), [[4, 3], [1, 0], [1, 0]]);
  assert.throws(() => readLcov(""), /there is no record of a file/);
});

Deno.test("shareOf() is of the folder alone, without what is made", () => {
  assert.equal(shareOf(within(readLcov(LCOV), "lib")), 75);
  assert.equal(shareOf(within(readLcov(LCOV), "app")), 0);
});
