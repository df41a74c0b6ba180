// Asks an endpoint how it is, twenty times a second, from a thread that does nothing else.

/** The part of a worker's scope that is used. */
interface WorkerScope {
  addEventListener(event: "message", listener: (event: MessageEvent<string | null>) => void): void;
  postMessage(took: readonly number[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const took: number[] = [];

async function check(url: string): Promise<void> {
  const began = performance.now();
  const response = await fetch(`${url}healthz`);
  await response.text();
  took.push(performance.now() - began);
}

let timer: ReturnType<typeof setTimeout> | undefined;

// The address begins it, null ends it.
scope.addEventListener("message", ({ data: url }) => {
  clearTimeout(timer);
  if (url === null) return scope.postMessage(took);
  const again = async () => {
    await check(url);
    timer = setTimeout(again, 50);
  };
  void again();
});
