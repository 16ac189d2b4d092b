// Light or dark, and large type: kept in cookies so that the server draws the next page right at once.
const YEAR_SECONDS = 365 * 24 * 3600;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const age = value ? YEAR_SECONDS : 0;
  document.cookie = `${name}=${value}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
}

function toggleTextSize(button) {
  const large = document.documentElement.dataset.text !== "large";
  if (large) document.documentElement.dataset.text = "large";
  else delete document.documentElement.dataset.text;
  button.setAttribute("aria-pressed", String(large));
  remember("xinyin_text", large ? "large" : "");
}

function toggleTheme() {
  const chosen = document.documentElement.dataset.theme;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  remember("xinyin_theme", dark ? "light" : "dark");
}

export function startChoices() {
  for (const button of document.querySelectorAll("[data-toggle-text-size]")) {
    button.hidden = false;
    button.addEventListener("click", () => toggleTextSize(button));
  }
  for (const button of document.querySelectorAll("[data-toggle-theme]")) {
    button.hidden = false;
    button.addEventListener("click", toggleTheme);
  }
}
