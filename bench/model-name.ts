export const MODEL = "bench:7b";
