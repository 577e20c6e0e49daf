import type { Command } from "./command.ts";
import { chat } from "./commands/chat.ts";
import { configCheck, configExplain, configSet } from "./commands/config.ts";
import { contextCheck } from "./commands/context/check.ts";
import { contextWhy } from "./commands/context/why.ts";
import { cost } from "./commands/cost.ts";
import { doctor } from "./commands/doctor.ts";
import {
  gatewayRestart,
  gatewayRun,
  gatewayStart,
  gatewayStatus,
  gatewayStop,
} from "./commands/gateway.ts";
import { health } from "./commands/health.ts";
import {
  modelsEngineInstall,
  modelsEngineRemove,
  modelsEngineStatus,
} from "./commands/models/engine.ts";
import { modelsList } from "./commands/models/list.ts";
import { modelsFit } from "./commands/models/fit.ts";
import { modelsLoad } from "./commands/models/load.ts";
import { modelsProbe } from "./commands/models/probe.ts";
import { modelsPs } from "./commands/models/ps.ts";
import { modelsPull } from "./commands/models/pull.ts";
import { modelsRemove } from "./commands/models/rm.ts";
import { modelsShow } from "./commands/models/show.ts";
import { modelsUnload } from "./commands/models/unload.ts";
import {
  modelsServiceApprove,
  modelsServiceStatus,
  modelsServiceStop,
} from "./commands/models/service.ts";
import { modelsUse } from "./commands/models/use.ts";
import { modeSet, modeShow } from "./commands/mode.ts";
import { offlineBundle } from "./commands/offline/bundle.ts";
import { offlineDiff } from "./commands/offline/diff.ts";
import { offlinePlan } from "./commands/offline/plan.ts";
import { offlinePrepare } from "./commands/offline/prepare.ts";
import { offlineRestore } from "./commands/offline/restore.ts";
import { offlineStatus } from "./commands/offline/status.ts";
import { offlineVerify } from "./commands/offline/verify.ts";

export const commands: readonly Command[] = [
  chat,
  gatewayRun,
  gatewayStart,
  gatewayStop,
  gatewayRestart,
  gatewayStatus,
  modelsList,
  modelsPs,
  modelsShow,
  modelsLoad,
  modelsUnload,
  modelsPull,
  modelsFit,
  modelsRemove,
  modelsProbe,
  modelsUse,
  modelsEngineInstall,
  modelsEngineStatus,
  modelsEngineRemove,
  modelsServiceStatus,
  modelsServiceApprove,
  modelsServiceStop,
  contextWhy,
  contextCheck,
  cost,
  modeShow,
  modeSet,
  offlineStatus,
  offlinePlan,
  offlinePrepare,
  offlineBundle,
  offlineVerify,
  offlineDiff,
  offlineRestore,
  configCheck,
  configExplain,
  configSet,
  doctor,
  health,
];
