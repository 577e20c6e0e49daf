import type { UserConfig } from "vite";

/** Vite reads JSX settings from `tsconfig.json`; what stands here is what a strict CSP and old phones need. */
export default {
  build: {
    // Two years of evergreen browsers: popovers, `:has()`, nesting, `oklch()`.
    target: ["chrome120", "firefox121", "safari17.2"],
    // An inlined asset is a `data:` address, which the CSP allows for pictures only.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the CSP blocks; every target has module preload.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
} satisfies UserConfig;
