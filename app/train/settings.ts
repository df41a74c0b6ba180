// What a configuration says, as the library takes it: settings of the steps, tensors that are trained, learning rates.

import type { Model } from "walrus/models";
import {
  isAdapter,
  matcher,
  type RunConfig,
  type Schedule,
  type Trainable,
  type TrainingSettings,
} from "walrus/train";

/** Settings of the steps. */
export function settingsOf({ training, loss, optimizer }: RunConfig, model: Model): TrainingSettings {
  const [beta1, beta2] = optimizer.betas;
  const { lora } = training;
  const large = (name: string) => model.parameters.get(name)?.narrow === "i8";
  return {
    loss,
    adamw: { beta1, beta2, epsilon: optimizer.eps, weightDecay: optimizer.weight_decay },
    clip: training.clip ?? Infinity,
    accumulate: training.accumulate,
    rematEvery: training.remat,
    memory: training.memory,
    weights: training.weights,
    lora: lora && { rank: lora.rank, alpha: lora.alpha, adapts: lora.adapt ? matcher(lora.adapt) : large },
  };
}

/** Which tensors are trained: adapters where there are some, else what the patterns say. */
export function trainableOf({ training }: RunConfig, { parameters }: Pick<Model, "parameters">): Trainable {
  const [only, frozen] = [matcher(training.only), matcher(training.freeze)];
  const isFixed = (name: string) => (parameters.get(name)?.use ?? "trained") !== "trained";
  const chosen: Trainable = training.lora
    ? (name) => isAdapter(name) || (training.only[0] !== "*" && only(name))
    : only;
  return (name) => chosen(name) && !frozen(name) && !isFixed(name);
}

/** A twentieth of a run. */
function part({ steps }: RunConfig["training"]): number {
  return Math.round(steps / 20);
}

/** Steps of warm-up, where the configuration leaves them open too. */
export function warmupOf({ schedule, training }: RunConfig): number {
  return schedule.warmup ?? part(training);
}

/** Learning rates of a run. */
export function scheduleOf(run: RunConfig): Schedule {
  const { schedule, optimizer, training } = run;
  const { kind, last_factor: lastFactor, cooldown } = schedule;
  const total = training.steps;
  const shared = { base: optimizer.lr, warmup: warmupOf(run), firstFactor: schedule.first_factor };
  if (kind === "released") {
    return { kind, ...shared, total, cooldown: Math.max(1, cooldown ?? part(training)) };
  }
  if (kind === "cosine") return { kind, ...shared, total, lastFactor };
  return { kind, ...shared, ...(cooldown ? { cooldown: { total, steps: cooldown, lastFactor } } : {}) };
}
