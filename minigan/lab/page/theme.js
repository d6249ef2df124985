// Choose light or dark before the page is drawn. A classic script: it must run first.
(() => {
  let stored = null;
  try { stored = localStorage.getItem("minigan-theme"); } catch { /* storage is forbidden here */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = stored ?? (dark ? "dark" : "light");
})();
