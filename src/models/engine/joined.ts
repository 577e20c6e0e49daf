/** The demonstration model and the GGUF files of the state folder, as one provider: both are embedded. */

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
    async close() {
      await Promise.all([own.close?.(), files.close?.()]);
    },
  };
}
