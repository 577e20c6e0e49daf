/** The demonstration model and the GGUF files of the state folder, as one provider: both are embedded. */

import type { Keeper } from "../keeping/keeper.ts";
import type { Model, Provider } from "../provider.ts";

/** A file of the name of a built-in model gives way to it. */
export function joinProviders(own: Provider, files: Provider): Provider {
  const ownModels = async (signal: AbortSignal): Promise<Model[]> => own.listModels(signal);
  return {
    id: own.id,
    baseUrl: own.baseUrl,
    async listModels(signal) {
      const [first, more] = await Promise.all([ownModels(signal), files.listModels(signal)]);
      return [...first, ...more.filter(({ id }) => !first.some((model) => model.id === id))];
    },
    async *chat(request, signal) {
      const models = await files.listModels(signal);
      const isOwn = (await ownModels(signal)).some(({ id }) => id === request.model);
      const isFile = !isOwn && models.some(({ id }) => id === request.model);
      yield* (isFile ? files : own).chat(request, signal);
    },
    ...(files.keeper && { keeper: keeperBeside(ownModels, files.keeper) }),
    async close() {
      await Promise.all([own.close?.(), files.close?.()]);
    },
  };
}

/** The built-in ones are always at hand: there is nothing to load, to free or to tell of them. */
function keeperBeside(ownModels: Provider["listModels"], keeper: Keeper): Keeper {
  const isOwn = async (id: string, signal: AbortSignal) =>
    (await ownModels(signal)).some((model) => model.id === id);
  return {
    ...keeper,
    async load(wanted, signal) {
      if (!(await isOwn(wanted.model, signal))) await keeper.load(wanted, signal);
    },
    async unload(model, signal) {
      if (!(await isOwn(model, signal))) await keeper.unload(model, signal);
    },
    show: async (model, signal) => ((await isOwn(model, signal)) ? {} : keeper.show(model, signal)),
  };
}
