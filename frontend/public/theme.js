// Before the first paint: the theme that a person chose, or the system's.
{
  const root = document.documentElement;
  try {
    const chosen = JSON.parse(localStorage.getItem("codybatch.preferences") ?? "{}");
    if (chosen.theme === "light" || chosen.theme === "dark") root.dataset.theme = chosen.theme;
    if (chosen.density === "compact") root.dataset.density = "compact";
  } catch {
    // Storage is closed or holds something else: the system's theme it is.
  }
}
