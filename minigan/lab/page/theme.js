// Choose light or dark before the page is drawn. A classic script: it must run first.
(() => {
  let stored = null;
  try { stored = localStorage.getItem("minigan-theme"); } catch { /* storage is forbidden here */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = stored ?? (dark ? "dark" : "light");
  // A page from a file may not load modules. Say so, where else nothing would happen.
  if (location.protocol === "file:") {
    addEventListener("DOMContentLoaded", () => {
      document.getElementById("loading").textContent =
        "This page needs a small web server. Run  python -m http.server  in this folder, and open the address that it prints.";
    });
  }
})();
