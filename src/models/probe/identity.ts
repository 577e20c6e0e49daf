/** Whose scorecard it is: which server, which weights. */

import { withoutLogin } from "../../base/without-login.ts";
import type { Model } from "../provider.ts";
import { rootOf } from "../presets.ts";

/** The address, as it is spoken to. The provider's id is a name of the config's and may change. */
export const serverOf = (baseUrl: string): string => withoutLogin(rootOf(baseUrl));

/**
 * The digest of the weights, where the server knows it. Else what tells one model from another on that
 * server: a file that was replaced under its name mostly differs in size.
 */
export const digestOf = ({ digest, id, sizeBytes, contextTokens }: Model): string =>
  digest ?? ["none", id, sizeBytes ?? "", contextTokens ?? ""].join(":");
