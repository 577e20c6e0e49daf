import { createAppChannel, type AppDeps } from "./app/app.ts";

/** Every way people reach the agent. The app's routes are for the gateway to mount. */
export const createChannels = (deps: AppDeps) => ({ app: createAppChannel(deps) });
