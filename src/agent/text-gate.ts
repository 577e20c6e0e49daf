import { openGate, type TextGate } from "./ask.ts";
export const createTextGate = (): TextGate => openGate;
