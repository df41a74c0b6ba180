// The program of a worker thread, as text: it is started from a Blob, which needs no file and no permission. All it
// does is give its instance a stack of its own and enter the loop in wasm/src/sync.rs until it is to leave.

/** What a worker is started with; addresses as its module takes them. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number | bigint;
  readonly thread: number;
  /** Top of its stack. */
  readonly stack: number | bigint;
}

/** Source of the worker. */
export const WORKER_SOURCE = `
onmessage = async ({ data: { module, memory, control, thread, stack } }) => {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  exports.__stack_pointer.value = stack;
  postMessage("ready");
  exports.work(control, thread);
  close();
};
`;

/** What stands before it in Node, whose workers have other names for the same. */
export const NODE_PRELUDE = `
const { parentPort } = require("worker_threads");
const postMessage = (data) => parentPort.postMessage(data);
const close = () => parentPort.close();
let onmessage;
parentPort.once("message", (data) => onmessage({ data }));
`;
