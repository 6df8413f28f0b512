/**
 * To be imported before uPlot, which formats by `navigator.language` as it loads: under a POSIX locale a browser calls its
 * language something that Intl refuses with a RangeError, and the whole dashboard would stay empty.
 */
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true });
}
