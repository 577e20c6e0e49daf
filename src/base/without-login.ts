/** A text with URLs in it, such as a setting, without the user and password they may hold. */
export const withoutLogin = (text: string): string => text.replaceAll(LOGIN, "//…@");

/** As URL parsers have it: up to the last "@" before the path, so that a password with one is gone whole. */
const LOGIN = /\/\/[^/?#\s]*@/g;
