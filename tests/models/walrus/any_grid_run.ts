// More drawn grids than the tests have time for, on WASM and where there is an adapter on WebGPU.
//
// usage: deno task grids [COUNT] [TOKENS]

import { wasm } from "../../../lib/backend/wasm/device.ts";
import { webgpu } from "../../../lib/backend/webgpu/device.ts";
import { adapter } from "../../backend/webgpu/adapter.ts";
import { drawGrids, shapeOn, tokensOf, wordsOf } from "./any_grid.ts";
import { checkForecast } from "./check_grid.ts";

const [count = 60, tokens = 3000] = Deno.args.map(Number);
using cpu = await wasm();
using gpu = adapter.missing === null ? await webgpu() : null;
for (const grid of drawGrids(count, { points: 30_000, tokens })) {
  for (const device of gpu ? [cpu, gpu] : [cpu]) await checkForecast(device, grid);
  console.log(`${wordsOf(grid)}: ${tokensOf(shapeOn(grid))} tokens`);
}
console.log(`${count} grids agree with double precision${gpu ? ", WebGPU too" : ` (${adapter.missing})`}`);
