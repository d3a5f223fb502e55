/** A url as it may be shown: the password is taken out, wherever in it one can stand. */
export const withoutPassword = (url: string): string =>
  url.replace(/^([a-z]+:\/\/[^:/?#]*):.*@/i, '$1:***@').replace(/([?&](?:ssl)?password=)[^&]*/gi, '$1***')
